// The kernels of matrix products that Swift cannot express: it has no instruction sets of single functions, and no product of
// pairs of 16-bit integers. Each multiplies six interleaved rows by one panel of sixteen columns, or two.
//
// Counts of panels are constants of the calls, so that the sums stand in registers.

#include "CVectorMath.h"

#if defined(__x86_64__)

#include <immintrin.h>

// MARK: - Floats

bool cvm_has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f");
}

__attribute__((target("avx512f"), always_inline)) static inline void
multiply_avx512(const float *x, long inner, const float *panel, long panel_stride, const long panels, const float *start,
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
        multiply_avx512(x, inner, panel, panel_stride, 2, start, start_stride, y, y_stride);
    else
        multiply_avx512(x, inner, panel, panel_stride, 1, start, start_stride, y, y_stride);
}

// MARK: - Pairs of 16-bit integers

// One row of a step. Written as intrinsics, the compiler regroups the sums, which are exact in any order, and runs out of
// registers: these are all sixteen.
#define ADD_PRODUCTS(row)                                                                                              \
    __asm__ volatile("vpbroadcastd %[value], %[low]\n\t"                                                               \
                     "vpmaddwd %[first], %[low], %[high]\n\t"                                                          \
                     "vpaddd %[high], %[sum0], %[sum0]\n\t"                                                            \
                     "vpmaddwd %[second], %[low], %[low]\n\t"                                                          \
                     "vpaddd %[low], %[sum1], %[sum1]"                                                                 \
                     : [sum0] "+x"(sums[row][0]), [sum1] "+x"(sums[row][1]), [low] "=&x"(low), [high] "=&x"(high)      \
                     : [value] "m"(x[k * 6 + row]), [first] "x"(first), [second] "x"(second))

void cvm_multiply_pairs(const int *x, long inner, const int *panel, int *y, long y_stride) {
    __m256i sums[6][2], low, high;
    for (long row = 0; row < 6; row++) sums[row][0] = sums[row][1] = _mm256_setzero_si256();
#pragma clang loop unroll_count(4)
    for (long k = 0; k < inner; k++) {
        const __m256i first = _mm256_loadu_si256((const __m256i *)(panel + k * 16));
        const __m256i second = _mm256_loadu_si256((const __m256i *)(panel + k * 16 + 8));
        ADD_PRODUCTS(0);
        ADD_PRODUCTS(1);
        ADD_PRODUCTS(2);
        ADD_PRODUCTS(3);
        ADD_PRODUCTS(4);
        ADD_PRODUCTS(5);
    }
    for (long row = 0; row < 6; row++) {
        _mm256_storeu_si256((__m256i *)(y + row * y_stride), sums[row][0]);
        _mm256_storeu_si256((__m256i *)(y + row * y_stride + 8), sums[row][1]);
    }
}

bool cvm_has_avx512_vnni(void) {
    return cvm_has_avx512() && __builtin_cpu_supports("avx512vnni");
}

__attribute__((target("avx512f,avx512vnni"), always_inline)) static inline void
multiply_pairs_avx512(const int *x, long inner, const int *panel, long panel_stride, const long panels, int *y,
                      long y_stride) {
    __m512i sums[6][2];
    for (long row = 0; row < 6; row++)
        for (long p = 0; p < panels; p++) sums[row][p] = _mm512_setzero_si512();
#pragma clang loop unroll_count(4)
    for (long k = 0; k < inner; k++) {
        __m512i weights[2];
        for (long p = 0; p < panels; p++) weights[p] = _mm512_loadu_si512(panel + p * panel_stride + k * 16);
        for (long row = 0; row < 6; row++) {
            const __m512i value = _mm512_set1_epi32(x[k * 6 + row]);
            for (long p = 0; p < panels; p++) sums[row][p] = _mm512_dpwssd_epi32(sums[row][p], value, weights[p]);
        }
    }
    for (long row = 0; row < 6; row++)
        for (long p = 0; p < panels; p++) _mm512_storeu_si512(y + row * y_stride + p * 16, sums[row][p]);
}

__attribute__((target("avx512f,avx512vnni"))) void cvm_multiply_pairs_avx512(const int *x, long inner, const int *panel,
                                                                             long panel_stride, long panels, int *y,
                                                                             long y_stride) {
    if (panels == 2)
        multiply_pairs_avx512(x, inner, panel, panel_stride, 2, y, y_stride);
    else
        multiply_pairs_avx512(x, inner, panel, panel_stride, 1, y, y_stride);
}

#else

#include <string.h>

bool cvm_has_avx512(void) { return false; }

void cvm_multiply_avx512(const float *x, long inner, const float *panel, long panel_stride, long panels,
                         const float *start, long start_stride, float *y, long y_stride) {
    __builtin_trap();
}

void cvm_multiply_pairs(const int *x, long inner, const int *panel, int *y, long y_stride) {
    int sums[6][16] = {0};
    for (long k = 0; k < inner; k++)
        for (long row = 0; row < 6; row++)
            for (long column = 0; column < 16; column++) {
                short values[2], weights[2];
                memcpy(values, x + k * 6 + row, 4);
                memcpy(weights, panel + k * 16 + column, 4);
                sums[row][column] += values[0] * weights[0] + values[1] * weights[1];
            }
    for (long row = 0; row < 6; row++) memcpy(y + row * y_stride, sums[row], sizeof sums[row]);
}

bool cvm_has_avx512_vnni(void) { return false; }

void cvm_multiply_pairs_avx512(const int *x, long inner, const int *panel, long panel_stride, long panels, int *y,
                               long y_stride) {
    __builtin_trap();
}

#endif
