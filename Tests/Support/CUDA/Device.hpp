// What `kernels.cu` finds on a GPU without an include, for C++: indices, barriers, shuffles, bits and mathematics.
#pragma once

#include <math.h>
#include <stddef.h>
#include <string.h>

#pragma GCC visibility push(hidden)

namespace emulator {

struct Index {
    unsigned x, y, z;
};

// Each takes the line of its call: threads that meet must have come to the same one.
void block_barrier(int line);
void warp_barrier(unsigned mask, int line);

}  // namespace emulator

extern "C" float emulator_exchange(unsigned mask, float value, int distance, int line);

// One kernel runs at a time, so these are plain variables: the emulator sets them whenever it goes to another thread.
extern emulator::Index threadIdx, blockIdx, blockDim, gridDim;

#pragma GCC visibility pop

inline unsigned __float_as_uint(float value) {
    unsigned bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline float __uint_as_float(unsigned bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define __global__
#define __device__
// All shared memory lies in one section, so that it can be poisoned as one, whichever templates declare it.
#define __shared__ static __attribute__((section("emulated_shared")))
#define __syncthreads() emulator::block_barrier(__LINE__)
#define __syncwarp(mask) emulator::warp_barrier(mask, __LINE__)
#define __shfl_xor_sync(mask, value, distance) emulator_exchange(mask, value, distance, __LINE__)
