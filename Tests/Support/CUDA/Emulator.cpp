#include "Emulator.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define ANNOTATE_FIBERS 1
#endif
#endif

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

emulator::Index threadIdx, blockIdx, blockDim, gridDim;

extern "C" {
// The linker's names for where the section of all shared memory begins and ends.
extern unsigned char __start_emulated_shared[] __attribute__((visibility("hidden")));
extern unsigned char __stop_emulated_shared[] __attribute__((visibility("hidden")));

// In assembly, and called from there.
float emulator_switch(void **save, void *load) __attribute__((visibility("hidden")));
void *emulator_arrive(unsigned mask, float value, int distance, int line, void **stackPointer)
    __attribute__((visibility("hidden")));
}

namespace float32 {
extern emulator::Kernel kernels[] __attribute__((visibility("hidden")));
}
namespace float16 {
extern emulator::Kernel kernels[] __attribute__((visibility("hidden")));
}

namespace emulator {

namespace {

constexpr int warpSize = 32, mostThreads = 1024;
constexpr unsigned allLanes = 0xffffffffu;
constexpr unsigned char poison = 0xff;  // NaN in float32 and float16, -1 in integers

// MARK: - Fibers

constexpr size_t pageSize = 4096, stackSize = 64 << 10;
// Stacks that start at the same place in their pages would share a few sets of the cache.
constexpr size_t stagger = 832, stackStride = stackSize + warpSize * 1024 + pageSize;

#if defined(__x86_64__)

struct Fiber {
    void *stackPointer;
};

// Both save what the calling convention asks a function to keep, and go on where another fiber did so. On top of that lies
// the address of what the function then returns.
//
// They leave by a jump: a return would be predicted to go where the last fiber came from, and threads take turns at all
// the shuffles of a kernel.
asm(R"(
    .macro save_registers
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $24, %rsp
    .endm

    .macro resume
    movq (%rsp), %rax
    movss (%rax), %xmm0
    addq $24, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    popq %rcx
    jmpq *%rcx
    .endm

    .text
    .p2align 4
    .globl emulator_switch
    .hidden emulator_switch
    .type emulator_switch, @function
emulator_switch:
    save_registers
    movq %rsp, (%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    resume
    .size emulator_switch, . - emulator_switch
)");

#if !ANNOTATE_FIBERS
#define EXCHANGE_BY_ASSEMBLY 1
asm(R"(
    .p2align 4
    .globl emulator_exchange
    .hidden emulator_exchange
    .type emulator_exchange, @function
emulator_exchange:
    save_registers
    movq %rsp, %rcx
    call emulator_arrive
    movq %rax, %rsp
    resume
    .size emulator_exchange, . - emulator_exchange
)");
#endif

inline void switch_fiber(Fiber &from, Fiber &to) { emulator_switch(&from.stackPointer, to.stackPointer); }

void prepare_fiber(Fiber &fiber, unsigned char *bottom, size_t size, void (*entry)()) {
    // As after a call: no return address, with the stack eight off a multiple of 16, and below it what was saved.
    void **top = reinterpret_cast<void **>(bottom + size) - 3;
    *top = nullptr;
    *--top = reinterpret_cast<void *>(entry);
    for (int i = 0; i < 8; i += 1) *--top = nullptr;
    *--top = bottom;
    fiber.stackPointer = top;
}

#else

struct Fiber {
    ucontext_t context;
};

inline void switch_fiber(Fiber &from, Fiber &to) { swapcontext(&from.context, &to.context); }

void prepare_fiber(Fiber &fiber, unsigned char *bottom, size_t size, void (*entry)()) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = bottom;
    fiber.context.uc_stack.ss_size = size;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, entry, 0);
}

#endif

// MARK: - State of the block that runs

// Kernels run one at a time, whichever stream of the host asks.
std::mutex running;
int order = forward;
bool lateStores = false;

const char *kernelName = "";
const std::function<void()> *threadBody;
unsigned char *stacks;

// Threads by the order in which they run: a position is a warp's place times 32 plus a lane's place within it.
int threadCount, position, warpStart, warpEnd;
Index indices[mostThreads];
unsigned char lanes[mostThreads];
Fiber fibers[mostThreads], host;
bool started[mostThreads];

// A warp's threads, in turn, run until each has come to the same line; then the warp goes on. So do a block's warps.
constexpr int exited = -1;
int warpLine, blockLine;
// Two, since a thread can be one exchange ahead of those that have yet to read.
float exchanged[2][warpSize];
int exchange;

[[noreturn]] void fault(const char *what, int line, int other) {
    std::fprintf(
        stderr, "emulator: %s, block (%u, %u, %u), thread (%u, %u, %u): %s", kernelName, blockIdx.x, blockIdx.y,
        blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, what);
    for (const int place : {line, other}) {
        if (place == exited) std::fprintf(stderr, " (exit)");
        if (place > 0) std::fprintf(stderr, " (line %d)", place);
    }
    std::fprintf(stderr, "\n");
    std::fflush(stderr);
    std::abort();
}

unsigned char *shared_memory() { return __start_emulated_shared; }
size_t shared_size() { return size_t(__stop_emulated_shared - __start_emulated_shared); }

// MARK: - Late stores

struct Store {
    unsigned offset;
    unsigned char value;
};
// What all threads see, of that part of the shared memory which the kernel uses.
std::vector<unsigned char> committed;
unsigned char *watched;
std::vector<Store> pending[mostThreads];


// Takes what this thread has stored since the last barrier out of the shared memory.
void withhold_stores() {
    unsigned char *memory = watched;
    auto &stores = pending[position];
    stores.clear();
    constexpr size_t step = 256;
    for (size_t start = 0; start < committed.size(); start += step) {
        const size_t end = std::min(start + step, committed.size());
        if (memcmp(memory + start, committed.data() + start, end - start) == 0) continue;
        for (size_t i = start; i < end; i += 1) {
            if (memory[i] != committed[i]) stores.push_back({unsigned(i), memory[i]});
        }
        memcpy(memory + start, committed.data() + start, end - start);
    }
}

// What a thread has stored it sees itself.
void restore_stores(int place) {
    for (const Store store : pending[place]) watched[store.offset] = store.value;
}

void commit_stores(int first, int end) {
    for (int i = first; i < end; i += 1) {
        for (const Store store : pending[i]) committed[store.offset] = store.value;
        pending[i].clear();
    }
    memcpy(watched, committed.data(), committed.size());
}

// MARK: - Going from thread to thread

void fiber_entry();

unsigned char *stack_bottom(int place) { return stacks + size_t(place) * stackStride + pageSize; }
size_t stack_bytes(int place) { return stackStride - pageSize - size_t(place % warpSize) * stagger / 16 * 16; }

void enter_warp(int start) {
    warpStart = start;
    warpEnd = std::min(start + warpSize, threadCount);
}

// Takes the turn from this position to the next and returns that; `atBarrier` where all warps meet at the end.
inline int next_position(int line, bool atBarrier, bool shuffle) {
    if (position == warpStart) {
        warpLine = line;
    } else if (warpLine != line) {
        fault("threads of a warp have diverged", warpLine, line);
    }
    const int next = position + 1;
    if (__builtin_expect(next != warpEnd, 1)) return next;
    if (!atBarrier) {
        if (shuffle) exchange ^= 1;
        return warpStart;
    }
    if (warpStart == 0) {
        blockLine = line;
    } else if (blockLine != line) {
        fault("warps have diverged at a barrier", blockLine, line);
    }
    const int following = next == threadCount ? 0 : next;
    enter_warp(following);
    return following;
}

void begin_fiber(int place) {
    started[place] = true;
    prepare_fiber(fibers[place], stack_bottom(place), stack_bytes(place), fiber_entry);
}

// Makes this the position whose fiber runs next.
inline void give_turn(int next) {
    position = next;
    threadIdx = indices[next];
    if (__builtin_expect(!started[next], 0)) begin_fiber(next);
    if (__builtin_expect(lateStores, 0)) restore_stores(next);
}

void go_to(int from, int next) {
    give_turn(next);
#if ANNOTATE_FIBERS
    void *fake;
    __sanitizer_start_switch_fiber(&fake, stack_bottom(next), stack_bytes(next));
#endif
    switch_fiber(fibers[from], fibers[next]);
#if ANNOTATE_FIBERS
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

// Waits until all threads of the warp, or of the block, have come here.
inline void meet(int line, bool atBarrier, bool shuffle) {
    if (__builtin_expect(lateStores, 0)) withhold_stores();
    const int from = position, next = next_position(line, atBarrier, shuffle);
    if (__builtin_expect(lateStores, 0) && !shuffle) {
        if (atBarrier && next == 0) commit_stores(0, threadCount);
        if (!atBarrier && next == warpStart) commit_stores(warpStart, warpEnd);
    }
    if (next != from) go_to(from, next);
}

#if ANNOTATE_FIBERS
const void *hostStack, *leftStack;
size_t hostStackSize, leftStackSize;
#endif

// A thread that ends leaves its stack to one that has not begun: a kernel without a barrier needs one fiber a block.
void run_threads() {
    for (;;) {
        threadIdx = indices[position];
        (*threadBody)();
        if (lateStores) withhold_stores();
        const int from = position, next = next_position(exited, true, false);
        if (next == 0) {
#if ANNOTATE_FIBERS
            __sanitizer_start_switch_fiber(nullptr, hostStack, hostStackSize);
#endif
            switch_fiber(fibers[from], host);
        } else if (started[next]) {
#if ANNOTATE_FIBERS
            __sanitizer_start_switch_fiber(nullptr, stack_bottom(next), stack_bytes(next));
#endif
            give_turn(next);
            switch_fiber(fibers[from], fibers[next]);
        } else {
            started[next] = true;
            position = next;
        }
    }
}

void fiber_entry() {
#if ANNOTATE_FIBERS
    // No local variables: this frame never ends, and would leave them marked on a stack that is used again.
    __sanitizer_finish_switch_fiber(nullptr, &leftStack, &leftStackSize);
    if (leftStack < stacks || leftStack >= stacks + mostThreads * stackStride) {
        hostStack = leftStack;
        hostStackSize = leftStackSize;
    }
#endif
    run_threads();
}

// MARK: - Blocks

void make_stacks() {
    if (stacks != nullptr) return;
    void *memory = mmap(
        nullptr, mostThreads * stackStride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fault("no memory for the stacks", 0, 0);
    stacks = static_cast<unsigned char *>(memory);
    for (int i = 0; i < mostThreads; i += 1) mprotect(stacks + size_t(i) * stackStride, pageSize, PROT_NONE);
}

// Warps in the chosen order, and within them lanes.
void order_threads(Index block) {
    threadCount = int(block.x * block.y * block.z);
    std::mt19937 random{unsigned(order)};
    std::vector<int> warps((threadCount + warpSize - 1) / warpSize);
    for (size_t i = 0; i < warps.size(); i += 1) warps[i] = int(i);
    const auto arrange = [&](std::vector<int> &items) {
        if (order == backward) std::reverse(items.begin(), items.end());
        if (order >= seedsFrom) std::shuffle(items.begin(), items.end(), random);
    };
    // A last warp that is not full stays last, so that a warp's places begin at a multiple of 32.
    std::vector<int> full(warps.begin(), warps.begin() + threadCount / warpSize);
    arrange(full);
    std::copy(full.begin(), full.end(), warps.begin());
    int place = 0;
    for (const int warp : warps) {
        std::vector<int> members;
        for (int lane = 0; lane < warpSize && warp * warpSize + lane < threadCount; lane += 1) members.push_back(lane);
        arrange(members);
        for (const int lane : members) {
            const unsigned thread = unsigned(warp * warpSize + lane);
            lanes[place] = (unsigned char)lane;
            indices[place] = {thread % block.x, thread / block.x % block.y, thread / block.x / block.y};
            place += 1;
        }
    }
}

void run_block(const Kernel &kernel) {
    position = 0;
    exchange = 0;
    enter_warp(0);
    memset(started, 0, sizeof started[0] * size_t(threadCount));
    if (lateStores) {
        const size_t size = kernel.sharedEnd == 0 ? shared_size() : kernel.sharedEnd - kernel.sharedStart;
        watched = shared_memory() + kernel.sharedStart;
        committed.assign(watched, watched + size);
        for (int i = 0; i < threadCount; i += 1) pending[i].clear();
    }
    begin_fiber(0);
#if ANNOTATE_FIBERS
    void *fake;
    __sanitizer_start_switch_fiber(&fake, stack_bottom(0), stack_bytes(0));
#endif
    switch_fiber(host, fibers[0]);
#if ANNOTATE_FIBERS
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

// What is not poison any more has been written by this kernel; the next block must not find it.
void learn_shared_memory(Kernel &kernel) {
    const unsigned char *memory = shared_memory();
    const size_t size = shared_size();
    const auto written = [](unsigned char byte) { return byte != poison; };
    const unsigned char *first = std::find_if(memory, memory + size, written);
    if (first == memory + size) return;
    const unsigned char *last = memory + size - 1;
    while (!written(*last)) last -= 1;
    const size_t start = size_t(first - memory), end = size_t(last + 1 - memory);
    kernel.sharedStart = kernel.sharedEnd == 0 ? start : std::min(kernel.sharedStart, start);
    kernel.sharedEnd = std::max(kernel.sharedEnd, end);
    memset(shared_memory(), poison, size);
}

}  // namespace

void set_order(int chosen) {
    const std::lock_guard lock(running);
    order = chosen;
}

void set_late_stores(bool late) {
    const std::lock_guard lock(running);
    lateStores = late;
}

void run(Kernel &kernel, Index grid, Index block, const std::function<void()> &thread) {
    const std::lock_guard lock(running);
    kernelName = kernel.name;
    threadBody = &thread;
    gridDim = grid;
    blockDim = block;
    make_stacks();
    order_threads(block);
    memset(shared_memory(), poison, shared_size());
    bool first = true;
    for (blockIdx.z = 0; blockIdx.z < grid.z; blockIdx.z += 1) {
        for (blockIdx.y = 0; blockIdx.y < grid.y; blockIdx.y += 1) {
            for (blockIdx.x = 0; blockIdx.x < grid.x; blockIdx.x += 1) {
                memset(shared_memory() + kernel.sharedStart, poison, kernel.sharedEnd - kernel.sharedStart);
                run_block(kernel);
                if (first) learn_shared_memory(kernel);
                first = false;
            }
        }
    }
    learn_shared_memory(kernel);
}

Kernel *find_kernel(bool half, const char *name) {
    for (Kernel *kernel = half ? float16::kernels : float32::kernels; kernel->name != nullptr; kernel += 1) {
        if (strcmp(kernel->name, name) == 0) return kernel;
    }
    return nullptr;
}

// MARK: - What kernels call

void block_barrier(int line) { meet(line, true, false); }

void warp_barrier(unsigned mask, int line) {
    if (mask != allLanes || warpEnd - warpStart != warpSize) fault("a barrier of a warp without all lanes", line, 0);
    meet(line, false, false);
}

namespace {

// Leaves this lane's number to the others, and says where that of its partner will be.
inline float *offer(unsigned mask, float value, int distance, int line) {
    if (__builtin_expect(mask != allLanes || warpEnd - warpStart != warpSize, 0)) {
        fault("a shuffle without all lanes", line, 0);
    }
    if (__builtin_expect(unsigned(distance) >= warpSize, 0)) fault("a shuffle over more than a warp", line, 0);
    const int lane = lanes[position];
    float *const values = exchanged[exchange];
    values[lane] = value;
    return &values[lane ^ distance];
}

}  // namespace

}  // namespace emulator

#if EXCHANGE_BY_ASSEMBLY

// Takes the turn from the thread whose stack is given, and returns the stack of the next.
void *emulator_arrive(unsigned mask, float value, int distance, int line, void **stackPointer) {
    using namespace emulator;
    *stackPointer = offer(mask, value, distance, line);
    if (__builtin_expect(lateStores, 0)) withhold_stores();
    const int from = position, next = next_position(line, false, true);
    fibers[from].stackPointer = stackPointer;
    give_turn(next);
    return fibers[next].stackPointer;
}

#else

float emulator_exchange(unsigned mask, float value, int distance, int line) {
    using namespace emulator;
    const float *const partner = offer(mask, value, distance, line);
    meet(line, false, true);
    return *partner;
}

#endif
