// Runs kernels on the processor, a fiber a thread, and finds what a GPU would only sometimes punish.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "Device.hpp"

#pragma GCC visibility push(hidden)

namespace emulator {

// Gives the host's address for that of the device.
using Translation = std::function<void *(unsigned long long)>;

struct Kernel {
    const char *name;
    // Copies the arguments of a launch, pointers translated, into what one thread runs.
    std::function<void()> (*bind)(void **parameters, const Translation &translate);
    // How much of the shared memory its blocks have been seen to write.
    size_t sharedStart = 0, sharedEnd = 0;
};

// The order of threads between synchronisation points. No correct kernel depends on it.
enum Order : int { forward = 0, backward = 1, seedsFrom = 2 };
void set_order(int order);

// With late stores other threads see a store to shared memory only after a barrier, and a shuffle is none: what the
// memory model permits, and the only way to miss a __syncwarp between shuffles. Far slower.
void set_late_stores(bool late);

// Runs all blocks of a launch. Barrier divergence and other undefined behaviour of threads ends the process.
void run(Kernel &kernel, Index grid, Index block, const std::function<void()> &thread);

// The kernel by its name in `kernels.cu`, or null.
Kernel *find_kernel(bool half, const char *name);

// MARK: - Arguments

template <auto kernel>
struct Binding;

template <typename... Parameters, void (*kernel)(Parameters...)>
struct Binding<kernel> {
    static std::function<void()> bind(void **parameters, const Translation &translate) {
        return bind(parameters, translate, std::index_sequence_for<Parameters...>());
    }

private:
    template <size_t... i>
    static std::function<void()> bind(
        void **parameters, const Translation &translate, std::index_sequence<i...>) {
        return [=, arguments = std::make_tuple(argument<Parameters>(parameters[i], translate)...)] {
            kernel(std::get<i>(arguments)...);
        };
    }

    template <typename Parameter>
    static Parameter argument(const void *parameter, const Translation &translate) {
        if constexpr (std::is_pointer_v<Parameter>) {
            unsigned long long address;
            memcpy(&address, parameter, sizeof address);
            return static_cast<Parameter>(translate(address));
        } else {
            Parameter value;
            memcpy(&value, parameter, sizeof value);
            return value;
        }
    }
};

}  // namespace emulator

#pragma GCC visibility pop
