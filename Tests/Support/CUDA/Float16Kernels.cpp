#define KERNELS_STORAGE float16
#define HALF_STORAGE
#include "Kernels.hpp"

namespace float16 {

// For the check of the conversions by themselves.
__attribute__((visibility("hidden"))) float load_half(unsigned short half) { return loaded(half); }
__attribute__((visibility("hidden"))) unsigned short store_half(float value) { return stored(value); }

}  // namespace float16
