// What the three fake libraries share: memory, streams, counters and failures to order.
#pragma once

#include <cstdint>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#define EXPORTED extern "C" __attribute__((visibility("default")))

#pragma GCC visibility push(hidden)

namespace fake {

enum : int {
    success = 0,
    invalidValue = 1,
    outOfMemory = 2,
    notInitialized = 3,
    stubLibrary = 34,
    noDevice = 100,
    invalidDevice = 101,
    invalidContext = 201,
    noBinary = 209,
    invalidCode = 218,
    invalidHandle = 400,
    notFound = 500,
    illegalAddress = 700,
    launchFailed = 719,
};

// Set in every address of the device: a host that follows one faults.
constexpr unsigned long long deviceBit = 1ull << 62;

struct Allocation {
    unsigned char *start;  // the host's address
    size_t size;           // as asked for
    void *mapping;
    size_t mappingSize;
    bool device;
};

// Work that waits in a stream, with what it needs until it has run.
struct Work {
    unsigned long long number;
    std::string what;
    std::vector<const void *> uses;  // starts of allocations, modules
    std::function<void()> run;
};

struct Stream {
    bool blocking;
    std::deque<Work> queue;
};

struct Device {
    std::recursive_mutex mutex;

    bool initialized = false;
    int sticky = success;
    std::map<std::uintptr_t, Allocation> allocations;  // by their end, the first that lies above an address is its own
    size_t usedBytes = 0, peakBytes = 0;
    long pinnedAllocations = 0, deviceAllocations = 0;
    std::set<Stream *> streams;
    Stream defaultStream{true, {}};
    Stream abandoned{false, {}};  // what destroyed streams had still to do
    std::set<void *> modules, handles, programs;
    long retainedContexts = 0;
    unsigned long long enqueued = 0;

    std::map<std::string, long> calls;
    struct Failure {
        std::string name;
        long nth;
        int code;
    };
    std::vector<Failure> failures;
    long violations = 0, launches = 0, copies = 0, gemms = 0, gemmsWithoutWorkspace = 0;
    long allocationsAfterFirstLaunch = 0;

    long live_objects() const {
        const size_t handed = streams.size() + modules.size() + handles.size() + programs.size();
        return deviceAllocations + pinnedAllocations + long(handed) + retainedContexts;
    }

    // Says on the standard error stream what no correct program does, and spoils the context as a GPU would.
    int violation(const char *format, ...) __attribute__((format(printf, 2, 3)));
    void spoil(int code);

    Allocation *allocate(size_t bytes, bool onDevice);
    // The live allocation that has these bytes, or null.
    Allocation *find(const void *host, size_t bytes);
    Allocation *find_device(unsigned long long address, size_t bytes);
    void release(Allocation *allocation);
    // The work that still needs this, or null.
    const Work *queued_use(const void *thing) const;

    // Null for a stream that does not exist.
    Stream *stream(void *handle);
    void enqueue(Stream *stream, std::string what, std::vector<const void *> uses, std::function<void()> run);
    void synchronize(Stream *stream);
};

// Never destroyed: the report is written when other things are gone.
Device &device();

inline void *host_address(unsigned long long address) { return reinterpret_cast<void *>(address & ~deviceBit); }

// Counts a call, and gives the code with which it has been told to fail, or zero.
int enter(const char *name);
// Whether this thread has made the context its own.
bool has_context();
void set_context(bool current);

// The whole number in a variable of the environment, or what else it is to be.
long long setting(const char *name, long long otherwise);

}  // namespace fake

#pragma GCC visibility pop

// The beginning of each entry point: one thread at a time is in the libraries.
#define ENTER(NAME)                                                                                                    \
    fake::Device &device = fake::device();                                                                             \
    const std::lock_guard<std::recursive_mutex> lock(device.mutex);                                                    \
    if (const int failure = fake::enter(#NAME)) return failure;                                                        \
    (void)device
