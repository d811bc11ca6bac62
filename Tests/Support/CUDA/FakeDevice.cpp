#include "FakeDevice.hpp"

#include <sys/mman.h>

#include <cctype>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "Emulator.hpp"
#include "include/FakeCUDA.h"

namespace fake {

namespace {

constexpr size_t pageSize = 4096;

thread_local bool contextIsCurrent = false;

bool is_driver_function(const std::string &name) { return name.size() > 2 && name[0] == 'c' && std::isupper(name[2]); }

void write_report() {
    const char *path = std::getenv("FAKE_REPORT");
    if (path == nullptr || *path == 0) return;
    Device &device = fake::device();
    const std::lock_guard<std::recursive_mutex> lock(device.mutex);
    std::FILE *file = std::fopen(path, "w");
    if (file == nullptr) return;
    std::fprintf(file, "{\"calls\": {");
    const char *separator = "";
    for (const auto &[name, count] : device.calls) {
        std::fprintf(file, "%s\"%s\": %ld", separator, name.c_str(), count);
        separator = ", ";
    }
    std::fprintf(
        file,
        "}, \"liveObjects\": %ld, \"liveAllocations\": %ld, \"violations\": %ld, \"launches\": %ld, \"copies\": %ld, "
        "\"gemms\": %ld, \"gemmsWithoutWorkspace\": %ld, \"peakBytes\": %zu, \"allocationsAfterFirstLaunch\": %ld}\n",
        device.live_objects(), device.deviceAllocations, device.violations, device.launches, device.copies,
        device.gemms, device.gemmsWithoutWorkspace, device.peakBytes, device.allocationsAfterFirstLaunch);
    std::fclose(file);
}

// FAKE_FAIL=name:nth:code,...
void read_failures(Device &device) {
    const char *text = std::getenv("FAKE_FAIL");
    if (text == nullptr) return;
    std::stringstream list(text);
    for (std::string item; std::getline(list, item, ',');) {
        const size_t first = item.find(':'), second = item.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) {
            std::fprintf(stderr, "fake CUDA: FAKE_FAIL has '%s', which is not name:nth:code\n", item.c_str());
            std::abort();
        }
        device.failures.push_back(
            {item.substr(0, first), std::atol(item.c_str() + first + 1), std::atoi(item.c_str() + second + 1)});
    }
}

}  // namespace

Device &device() {
    static Device *const only = [] {
        Device *device = new Device;
        read_failures(*device);
        emulator::set_order(int(setting("FAKE_SCHEDULE", 0)));
        std::atexit(write_report);
        return device;
    }();
    return *only;
}

long long setting(const char *name, long long otherwise) {
    const char *text = std::getenv(name);
    return text == nullptr || *text == 0 ? otherwise : std::atoll(text);
}

bool has_context() { return contextIsCurrent; }
void set_context(bool current) { contextIsCurrent = current; }

int enter(const char *name) {
    Device &device = fake::device();
    device.calls[name] += 1;
    for (auto &failure : device.failures) {
        if (failure.name != name) continue;
        failure.nth -= 1;
        if (failure.nth != 0) continue;
        const bool spoils = failure.code == illegalAddress || failure.code == launchFailed;
        if (spoils && is_driver_function(name)) device.spoil(failure.code);
        return failure.code;
    }
    return success;
}

// MARK: - Faults

void Device::spoil(int code) {
    if (sticky == success) sticky = code;
    // What a context had still to do ends with it.
    defaultStream.queue.clear();
    abandoned.queue.clear();
    for (Stream *stream : streams) stream->queue.clear();
}

int Device::violation(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "fake CUDA: ");
    std::vfprintf(stderr, format, arguments);
    std::fprintf(stderr, "\n");
    va_end(arguments);
    violations += 1;
    spoil(illegalAddress);
    return illegalAddress;
}

// MARK: - Memory

Allocation *Device::allocate(size_t bytes, bool onDevice) {
    const size_t rounded = (bytes + 15) / 16 * 16, pages = (rounded + pageSize - 1) / pageSize * pageSize;
    void *mapping = mmap(nullptr, pages + pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return nullptr;
    mprotect(static_cast<unsigned char *>(mapping) + pages, pageSize, PROT_NONE);
    // NaN in float32 and float16.
    std::memset(mapping, 0xff, pages);
    // Device memory ends where reading on faults; pinned memory begins where a page does.
    unsigned char *start = static_cast<unsigned char *>(mapping) + (onDevice ? pages - rounded : 0);
    const auto end = reinterpret_cast<std::uintptr_t>(start) + bytes;
    Allocation &made = allocations[end] = {start, bytes, mapping, pages + pageSize, onDevice};
    if (onDevice) {
        deviceAllocations += 1;
        usedBytes += rounded;
        if (usedBytes > peakBytes) peakBytes = usedBytes;
        if (launches > 0) allocationsAfterFirstLaunch += 1;
    } else {
        pinnedAllocations += 1;
    }
    return &made;
}

Allocation *Device::find(const void *host, size_t bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(host);
    const auto found = allocations.upper_bound(address);
    if (found == allocations.end()) return nullptr;
    Allocation &candidate = found->second;
    const auto start = reinterpret_cast<std::uintptr_t>(candidate.start);
    if (address < start || bytes > candidate.size - (address - start)) return nullptr;
    return &candidate;
}

Allocation *Device::find_device(unsigned long long address, size_t bytes) {
    if ((address & deviceBit) == 0) return nullptr;
    Allocation *const found = find(host_address(address), bytes);
    return found != nullptr && found->device ? found : nullptr;
}

void Device::release(Allocation *allocation) {
    if (allocation->device) {
        deviceAllocations -= 1;
        usedBytes -= (allocation->size + 15) / 16 * 16;
    } else {
        pinnedAllocations -= 1;
    }
    munmap(allocation->mapping, allocation->mappingSize);
    allocations.erase(reinterpret_cast<std::uintptr_t>(allocation->start) + allocation->size);
}

// MARK: - Streams

const Work *Device::queued_use(const void *thing) const {
    std::vector<const Stream *> all{&defaultStream, &abandoned};
    all.insert(all.end(), streams.begin(), streams.end());
    for (const Stream *stream : all) {
        for (const Work &work : stream->queue) {
            for (const void *used : work.uses) {
                if (used == thing) return &work;
            }
        }
    }
    return nullptr;
}

Stream *Device::stream(void *handle) {
    if (handle == nullptr) return &defaultStream;
    const auto found = streams.find(static_cast<Stream *>(handle));
    return found == streams.end() ? nullptr : *found;
}

void Device::enqueue(Stream *stream, std::string what, std::vector<const void *> uses, std::function<void()> run) {
    enqueued += 1;
    stream->queue.push_back({enqueued, std::move(what), std::move(uses), std::move(run)});
}

void Device::synchronize(Stream *stream) {
    // The default stream and those that block it are in step; for the others their own queue counts.
    std::vector<Stream *> queues{stream};
    if (stream->blocking) {
        for (Stream *other : streams) {
            if (other->blocking && other != stream) queues.push_back(other);
        }
        if (stream != &defaultStream) queues.push_back(&defaultStream);
    }
    while (!stream->queue.empty()) {
        Stream *earliest = stream;
        for (Stream *queue : queues) {
            if (!queue->queue.empty() && queue->queue.front().number < earliest->queue.front().number) earliest = queue;
        }
        const Work work = std::move(earliest->queue.front());
        earliest->queue.pop_front();
        work.run();
    }
    // The default stream waits for what others have queued before, even with nothing of its own.
    if (stream == &defaultStream) {
        for (Stream *queue : queues) {
            if (queue != stream && !queue->queue.empty()) synchronize(queue);
        }
    }
}

}  // namespace fake

// MARK: - For tests

using fake::device;

#define LOCKED const std::lock_guard<std::recursive_mutex> lock(device().mutex)

EXPORTED void fake_cuda_reset(void) {
    LOCKED;
    fake::Device &state = device();
    state.sticky = fake::success;
    state.calls.clear();
    state.failures.clear();
    state.violations = state.launches = state.copies = state.gemms = state.gemmsWithoutWorkspace = 0;
    state.allocationsAfterFirstLaunch = 0;
    state.peakBytes = state.usedBytes;
    state.abandoned.queue.clear();
}

EXPORTED void fake_cuda_fail(const char *name, long nth, int code) {
    LOCKED;
    device().failures.push_back({name, nth, code});
}

EXPORTED long fake_cuda_calls(const char *name) {
    LOCKED;
    const auto found = device().calls.find(name);
    return found == device().calls.end() ? 0 : found->second;
}

EXPORTED long fake_cuda_live_allocations(void) {
    LOCKED;
    return device().deviceAllocations;
}

EXPORTED long fake_cuda_live_objects(void) {
    LOCKED;
    return device().live_objects();
}

EXPORTED long fake_cuda_violations(void) {
    LOCKED;
    return device().violations;
}

EXPORTED long fake_cuda_gemms_without_workspace(void) {
    LOCKED;
    return device().gemmsWithoutWorkspace;
}

EXPORTED void fake_cuda_schedule(int order) { emulator::set_order(order); }
