// Compiles `kernels.cu` as C++ for the storage that KERNELS_STORAGE names; for two files, so without `#pragma once`.
#include "Emulator.hpp"

#ifndef KERNELS_FILE
#define KERNELS_FILE "../../../Sources/CUDACompute/Kernels/kernels.cu"
#endif

#define KERNELS_JOIN(LEFT, RIGHT) LEFT##_##RIGHT
#define KERNELS_NAME(STORAGE, NAME) KERNELS_JOIN(STORAGE, NAME)

// The kernels have C linkage, and there are two of each.
#define embed KERNELS_NAME(KERNELS_STORAGE, embed)
#define add_norm KERNELS_NAME(KERNELS_STORAGE, add_norm)
#define normalize KERNELS_NAME(KERNELS_STORAGE, normalize)
#define bias_activation KERNELS_NAME(KERNELS_STORAGE, bias_activation)
#define pool KERNELS_NAME(KERNELS_STORAGE, pool)
#define attention_32 KERNELS_NAME(KERNELS_STORAGE, attention_32)
#define attention_64 KERNELS_NAME(KERNELS_STORAGE, attention_64)

#pragma GCC visibility push(hidden)

// The namespace keeps apart what has no C linkage.
namespace KERNELS_STORAGE {

#include KERNELS_FILE

emulator::Kernel kernels[] = {
    {"embed", emulator::Binding<&embed>::bind},
    {"add_norm", emulator::Binding<&add_norm>::bind},
    {"normalize", emulator::Binding<&normalize>::bind},
    {"bias_activation", emulator::Binding<&bias_activation>::bind},
    {"pool", emulator::Binding<&pool>::bind},
    {"attention_32", emulator::Binding<&attention_32>::bind},
    {"attention_64", emulator::Binding<&attention_64>::bind},
    {nullptr, nullptr},
};

}  // namespace KERNELS_STORAGE

#pragma GCC visibility pop
