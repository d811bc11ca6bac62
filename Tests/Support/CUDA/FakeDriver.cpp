// libcuda.so.1: memory, streams and launches of one emulated device.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "Emulator.hpp"
#include "FakeDevice.hpp"

using namespace fake;

namespace {

struct Module {
    bool half;
    std::vector<std::unique_ptr<std::pair<Module *, emulator::Kernel *>>> functions;
};
using Function = std::pair<Module *, emulator::Kernel *>;

int contextObject;  // only its address is used

int device_count() { return int(setting("FAKE_DEVICES", 1)); }
size_t total_memory() { return size_t(setting("FAKE_MEMORY", 16ll << 30)); }

// The compute capability as major · 10 + minor.
int capability() {
    const char *text = std::getenv("FAKE_CAPABILITY");
    int major = 9, minor = 0;
    if (text != nullptr) std::sscanf(text, "%d.%d", &major, &minor);
    return major * 10 + minor;
}

// What a call that works in a context finds first.
int context_error(Device &device) {
    if (!device.initialized) return notInitialized;
    if (!has_context()) return invalidContext;
    return device.sticky;
}

#define IN_CONTEXT                                                                                                     \
    if (const int error = context_error(device)) return error

// After an error that ended the context a call that frees reports that error, too, but what it frees counts as freed.
#define IN_LIVE_CONTEXT                                                                                                \
    if (const int error = context_error(device); error != device.sticky) return error

Stream *checked_stream(Device &device, void *handle, const char *caller) {
    Stream *const stream = device.stream(handle);
    if (stream == nullptr) device.violation("%s: stream %p does not exist", caller, handle);
    return stream;
}

}  // namespace

// MARK: - Device

EXPORTED int cuInit(unsigned flags) {
    ENTER(cuInit);
    if (flags != 0) return invalidValue;
    if (setting("FAKE_STUB", 0) != 0) return stubLibrary;
    if (device_count() == 0) return noDevice;
    device.initialized = true;
    return success;
}

EXPORTED int cuDriverGetVersion(int *version) {
    ENTER(cuDriverGetVersion);
    *version = int(setting("FAKE_DRIVER_VERSION", 13000));
    return success;
}

EXPORTED int cuGetErrorName(int error, const char **name) {
    ENTER(cuGetErrorName);
    static const std::map<int, const char *> names{
        {0, "CUDA_SUCCESS"},
        {1, "CUDA_ERROR_INVALID_VALUE"},
        {2, "CUDA_ERROR_OUT_OF_MEMORY"},
        {3, "CUDA_ERROR_NOT_INITIALIZED"},
        {34, "CUDA_ERROR_STUB_LIBRARY"},
        {100, "CUDA_ERROR_NO_DEVICE"},
        {101, "CUDA_ERROR_INVALID_DEVICE"},
        {201, "CUDA_ERROR_INVALID_CONTEXT"},
        {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
        {218, "CUDA_ERROR_INVALID_PTX"},
        {400, "CUDA_ERROR_INVALID_HANDLE"},
        {500, "CUDA_ERROR_NOT_FOUND"},
        {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {719, "CUDA_ERROR_LAUNCH_FAILED"},
        {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
        {999, "CUDA_ERROR_UNKNOWN"},
    };
    const auto found = names.find(error);
    *name = found == names.end() ? nullptr : found->second;
    return found == names.end() ? invalidValue : success;
}

EXPORTED int cuDeviceGetCount(int *count) {
    ENTER(cuDeviceGetCount);
    if (!device.initialized) return notInitialized;
    *count = device_count();
    return success;
}

EXPORTED int cuDeviceGet(int *number, int ordinal) {
    ENTER(cuDeviceGet);
    if (!device.initialized) return notInitialized;
    if (ordinal < 0 || ordinal >= device_count()) return invalidDevice;
    *number = ordinal;
    return success;
}

EXPORTED int cuDeviceGetName(char *name, int length, int number) {
    ENTER(cuDeviceGetName);
    if (!device.initialized) return notInitialized;
    if (number < 0 || number >= device_count()) return invalidDevice;
    std::snprintf(name, size_t(length), "Emulated device");
    return success;
}

EXPORTED int cuDeviceGetAttribute(int *value, int attribute, int number) {
    ENTER(cuDeviceGetAttribute);
    if (!device.initialized) return notInitialized;
    if (number < 0 || number >= device_count()) return invalidDevice;
    switch (attribute) {
    case 16: *value = 1; return success;  // multiprocessors
    case 75: *value = capability() / 10; return success;
    case 76: *value = capability() % 10; return success;
    default: return invalidValue;
    }
}

EXPORTED int cuDevicePrimaryCtxRetain(void **context, int number) {
    ENTER(cuDevicePrimaryCtxRetain);
    if (!device.initialized) return notInitialized;
    if (number < 0 || number >= device_count()) return invalidDevice;
    device.retainedContexts += 1;
    *context = &contextObject;
    return success;
}

EXPORTED int cuDevicePrimaryCtxRelease_v2(int number) {
    ENTER(cuDevicePrimaryCtxRelease_v2);
    if (!device.initialized) return notInitialized;
    if (number < 0 || number >= device_count()) return invalidDevice;
    if (device.retainedContexts == 0) return invalidContext;
    device.retainedContexts -= 1;
    return success;
}

EXPORTED int cuCtxSetCurrent(void *context) {
    ENTER(cuCtxSetCurrent);
    if (!device.initialized) return notInitialized;
    if (context != nullptr && (context != &contextObject || device.retainedContexts == 0)) return invalidContext;
    set_context(context != nullptr);
    return success;
}

// MARK: - Memory

EXPORTED int cuMemGetInfo_v2(size_t *free, size_t *total) {
    ENTER(cuMemGetInfo_v2);
    IN_CONTEXT;
    *total = total_memory();
    *free = *total > device.usedBytes ? *total - device.usedBytes : 0;
    return success;
}

EXPORTED int cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
    ENTER(cuMemAlloc_v2);
    IN_CONTEXT;
    if (bytes == 0) return invalidValue;
    const size_t total = total_memory();
    if (bytes > total || device.usedBytes + (bytes + 15) / 16 * 16 > total) return outOfMemory;
    const Allocation *made = device.allocate(bytes, true);
    if (made == nullptr) return outOfMemory;
    *address = reinterpret_cast<unsigned long long>(made->start) | deviceBit;
    return success;
}

EXPORTED int cuMemFree_v2(unsigned long long address) {
    ENTER(cuMemFree_v2);
    IN_LIVE_CONTEXT;
    if (address == 0) return device.sticky;
    Allocation *const allocation = device.find_device(address, 1);
    if (allocation == nullptr || allocation->start != host_address(address)) {
        return device.violation("cuMemFree_v2: 0x%llx is no live allocation", address);
    }
    if (const Work *work = device.queued_use(allocation->start)) {
        device.violation("cuMemFree_v2: 0x%llx is freed under queued work: %s", address, work->what.c_str());
    }
    device.release(allocation);
    return device.sticky;
}

EXPORTED int cuMemHostAlloc(void **address, size_t bytes, unsigned flags) {
    ENTER(cuMemHostAlloc);
    IN_CONTEXT;
    if (bytes == 0 || flags > 7) return invalidValue;
    const Allocation *made = device.allocate(bytes, false);
    if (made == nullptr) return outOfMemory;
    *address = made->start;
    return success;
}

EXPORTED int cuMemFreeHost(void *address) {
    ENTER(cuMemFreeHost);
    IN_LIVE_CONTEXT;
    Allocation *const allocation = device.find(address, 1);
    if (allocation == nullptr || allocation->device || allocation->start != address) {
        return device.violation("cuMemFreeHost: %p is no live allocation", address);
    }
    if (const Work *work = device.queued_use(allocation->start)) {
        device.violation("cuMemFreeHost: %p is freed under queued work: %s", address, work->what.c_str());
    }
    device.release(allocation);
    return device.sticky;
}

namespace {

int copy(
    Device &device, const char *caller, unsigned long long address, const void *host, size_t bytes, void *handle,
    void (*transfer)(void *ofDevice, void *ofHost, size_t bytes)) {
    if (const int error = context_error(device)) return error;
    Stream *const stream = checked_stream(device, handle, caller);
    if (stream == nullptr) return device.sticky;
    if (bytes == 0) return success;
    const Allocation *const onDevice = device.find_device(address, bytes);
    if (onDevice == nullptr) {
        return device.violation("%s: %zu bytes at 0x%llx are in no live allocation", caller, bytes, address);
    }
    const Allocation *const pinned = device.find(host, bytes);
    // From other memory a copy is not asynchronous. That is fine where weights are loaded, in the default stream.
    if (pinned == nullptr && handle != nullptr) {
        return device.violation("%s: %zu bytes at %p of the host are not pinned", caller, bytes, host);
    }
    if (pinned != nullptr && pinned->device) return device.violation("%s: %p is of the device", caller, host);
    device.copies += 1;
    std::vector<const void *> uses{onDevice->start};
    if (pinned != nullptr) uses.push_back(pinned->start);
    device.enqueue(stream, caller, std::move(uses), [=] {
        transfer(host_address(address), const_cast<void *>(host), bytes);
    });
    return success;
}

}  // namespace

EXPORTED int cuMemcpyHtoDAsync_v2(unsigned long long target, const void *source, size_t bytes, void *stream) {
    ENTER(cuMemcpyHtoDAsync_v2);
    return copy(
        device, "cuMemcpyHtoDAsync_v2", target, source, bytes, stream,
        [](void *ofDevice, void *ofHost, size_t bytes) { std::memcpy(ofDevice, ofHost, bytes); });
}

EXPORTED int cuMemcpyDtoHAsync_v2(void *target, unsigned long long source, size_t bytes, void *stream) {
    ENTER(cuMemcpyDtoHAsync_v2);
    return copy(
        device, "cuMemcpyDtoHAsync_v2", source, target, bytes, stream,
        [](void *ofDevice, void *ofHost, size_t bytes) { std::memcpy(ofHost, ofDevice, bytes); });
}

// MARK: - Modules

EXPORTED int cuModuleLoadDataEx(
    void **module, const void *image, unsigned optionCount, int *options, void **values) {
    ENTER(cuModuleLoadDataEx);
    IN_CONTEXT;
    if (optionCount != 0 && (options == nullptr || values == nullptr)) return invalidValue;
    // What the fake compiler writes.
    static const char start[] = "emulated cubin sm_";
    const char *const text = static_cast<const char *>(image);
    if (text == nullptr || std::strncmp(text, start, sizeof start - 1) != 0) return invalidCode;
    char *rest;
    const long architecture = std::strtol(text + sizeof start - 1, &rest, 10);
    const bool half = std::strncmp(rest, " float16\n", 9) == 0;
    if (!half && std::strncmp(rest, " float32\n", 9) != 0) return invalidCode;
    if (architecture != capability()) return noBinary;
    Module *const made = new Module{half, {}};
    device.modules.insert(made);
    *module = made;
    return success;
}

EXPORTED int cuModuleUnload(void *module) {
    ENTER(cuModuleUnload);
    IN_LIVE_CONTEXT;
    if (device.modules.count(module) == 0) return device.violation("cuModuleUnload: %p is no module", module);
    if (const Work *work = device.queued_use(module)) {
        device.violation("cuModuleUnload: unloaded under queued work: %s", work->what.c_str());
    }
    device.modules.erase(module);
    delete static_cast<Module *>(module);
    return device.sticky;
}

EXPORTED int cuModuleGetFunction(void **function, void *module, const char *name) {
    ENTER(cuModuleGetFunction);
    IN_CONTEXT;
    if (device.modules.count(module) == 0) return invalidHandle;
    Module *const owner = static_cast<Module *>(module);
    emulator::Kernel *const kernel = emulator::find_kernel(owner->half, name);
    if (kernel == nullptr) return notFound;
    owner->functions.push_back(std::make_unique<Function>(owner, kernel));
    *function = owner->functions.back().get();
    return success;
}

EXPORTED int cuLaunchKernel(
    void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY, unsigned blockZ,
    unsigned sharedBytes, void *handle, void **parameters, void **extra) {
    ENTER(cuLaunchKernel);
    IN_CONTEXT;
    bool exists = false;
    for (void *module : device.modules) {
        for (const auto &owned : static_cast<Module *>(module)->functions) exists = exists || owned.get() == function;
    }
    if (!exists) return device.violation("cuLaunchKernel: %p is no function of a live module", function);
    Stream *const stream = checked_stream(device, handle, "cuLaunchKernel");
    if (stream == nullptr) return device.sticky;
    const unsigned long long threads = 1ull * blockX * blockY * blockZ;
    if (gridX == 0 || gridY == 0 || gridZ == 0 || gridX > 0x7fffffff || gridY > 65535 || gridZ > 65535) {
        return invalidValue;
    }
    if (threads == 0 || threads > 1024 || blockX > 1024 || blockY > 1024 || blockZ > 64) return invalidValue;
    // No kernel here has shared memory beyond what it declares.
    if (sharedBytes != 0 || parameters == nullptr || extra != nullptr) return invalidValue;

    emulator::Kernel *const kernel = static_cast<Function *>(function)->second;
    std::vector<const void *> uses{static_cast<Function *>(function)->first};
    bool valid = true;
    int pointers = 0;
    const auto translate = [&](unsigned long long address) -> void * {
        pointers += 1;
        if (address == 0) return nullptr;
        const Allocation *const allocation = device.find_device(address, 1);
        if (allocation == nullptr) {
            device.violation(
                "cuLaunchKernel: %s: pointer %d, 0x%llx, is in no live allocation", kernel->name, pointers, address);
            valid = false;
            return nullptr;
        }
        uses.push_back(allocation->start);
        return host_address(address);
    };
    const std::function<void()> thread = kernel->bind(parameters, translate);
    if (!valid) return device.sticky;
    device.launches += 1;
    device.enqueue(stream, kernel->name, std::move(uses), [=] {
        emulator::run(*kernel, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, thread);
    });
    return success;
}

// MARK: - Streams

EXPORTED int cuStreamCreate(void **handle, unsigned flags) {
    ENTER(cuStreamCreate);
    IN_CONTEXT;
    if (flags > 1) return invalidValue;
    Stream *const made = new Stream{flags == 0, {}};
    device.streams.insert(made);
    *handle = made;
    return success;
}

EXPORTED int cuStreamDestroy_v2(void *handle) {
    ENTER(cuStreamDestroy_v2);
    IN_LIVE_CONTEXT;
    Stream *const stream = handle == nullptr ? nullptr : device.stream(handle);
    if (stream == nullptr) return device.violation("cuStreamDestroy_v2: %p is no stream", handle);
    // A GPU would still do it some time: it never becomes safe to free what it needs.
    for (Work &work : stream->queue) device.abandoned.queue.push_back(std::move(work));
    device.streams.erase(stream);
    delete stream;
    return device.sticky;
}

EXPORTED int cuStreamSynchronize(void *handle) {
    ENTER(cuStreamSynchronize);
    IN_CONTEXT;
    Stream *const stream = checked_stream(device, handle, "cuStreamSynchronize");
    if (stream == nullptr) return device.sticky;
    device.synchronize(stream);
    return device.sticky;
}
