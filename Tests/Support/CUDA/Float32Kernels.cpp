#define KERNELS_STORAGE float32
#include "Kernels.hpp"
