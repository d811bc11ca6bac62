#include "CVectorMath.h"

#if defined(__x86_64__)

#include <immintrin.h>

bool cvm_has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f");
}

// Swift has no instruction sets of single functions: hence C. `panels` is a constant of the two calls below, so that the sums
// stand in registers: six or twelve, of thirty-two.
__attribute__((target("avx512f"), always_inline)) static inline void
multiply(const float *x, long inner, const float *panel, long panel_stride, const long panels, const float *start,
         long start_stride, float *y, long y_stride) {
    __m512 sums[6][2];
    for (long row = 0; row < 6; row++)
        for (long p = 0; p < panels; p++) sums[row][p] = _mm512_loadu_ps(start + row * start_stride + p * 16);
#pragma clang loop unroll_count(8)
    for (long k = 0; k < inner; k++) {
        __m512 weights[2];
        for (long p = 0; p < panels; p++) weights[p] = _mm512_loadu_ps(panel + p * panel_stride + k * 16);
        for (long row = 0; row < 6; row++) {
            const __m512 value = _mm512_set1_ps(x[k * 6 + row]);
            for (long p = 0; p < panels; p++) sums[row][p] = _mm512_fmadd_ps(value, weights[p], sums[row][p]);
        }
    }
    for (long row = 0; row < 6; row++)
        for (long p = 0; p < panels; p++) _mm512_storeu_ps(y + row * y_stride + p * 16, sums[row][p]);
}

__attribute__((target("avx512f"))) void cvm_multiply_avx512(const float *x, long inner, const float *panel,
                                                            long panel_stride, long panels, const float *start,
                                                            long start_stride, float *y, long y_stride) {
    if (panels == 2)
        multiply(x, inner, panel, panel_stride, 2, start, start_stride, y, y_stride);
    else
        multiply(x, inner, panel, panel_stride, 1, start, start_stride, y, y_stride);
}

#else

bool cvm_has_avx512(void) { return false; }

void cvm_multiply_avx512(const float *x, long inner, const float *panel, long panel_stride, long panels,
                         const float *start, long start_stride, float *y, long y_stride) {
    __builtin_trap();
}

#endif
