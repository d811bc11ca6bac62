// Lane operations that Swift's SIMD types lack or compile to scalar code, a few lines each, and the kernels of PanelKernels.c.

#ifndef CVECTORMATH_H
#define CVECTORMATH_H

#if defined(__x86_64__) && !defined(__FMA__)
#error "Compile for x86-64-v3 (AVX2 and FMA): without it every fused multiply-add becomes a call of fmaf()."
#endif

#include <stdbool.h>

/// Sixteen float lanes; Swift imports the type as SIMD16<Float>.
typedef float cvm_float16 __attribute__((ext_vector_type(16)));
typedef int cvm_int16 __attribute__((ext_vector_type(16)));

/// Lane-wise maximum, `b` where either is NaN: one instruction. SIMD16's own pointwiseMax is generic per-element code.
static inline __attribute__((always_inline)) cvm_float16 cvm_max(cvm_float16 a, cvm_float16 b) {
    return a > b ? a : b;
}

/// Lane-wise minimum, `b` where either is NaN.
static inline __attribute__((always_inline)) cvm_float16 cvm_min(cvm_float16 a, cvm_float16 b) {
    return a < b ? a : b;
}

/// a * b + c, rounded once.
static inline __attribute__((always_inline)) cvm_float16 cvm_fma(cvm_float16 a, cvm_float16 b, cvm_float16 c) {
    return __builtin_elementwise_fma(a, b, c);
}

/// The sum of all lanes.
static inline __attribute__((always_inline)) float cvm_sum(cvm_float16 a) {
    __attribute__((ext_vector_type(8))) float eight = a.lo + a.hi;
    __attribute__((ext_vector_type(4))) float four = eight.lo + eight.hi;
    return (four.x + four.z) + (four.y + four.w);
}

/// The largest lane; any lane where one is NaN. The built-in reduction blends at every step, to give NaN its place.
static inline __attribute__((always_inline)) float cvm_reduce_max(cvm_float16 a) {
    __attribute__((ext_vector_type(8))) float eight = a.lo > a.hi ? a.lo : a.hi;
    __attribute__((ext_vector_type(4))) float four = eight.lo > eight.hi ? eight.lo : eight.hi;
    __attribute__((ext_vector_type(2))) float two = four.lo > four.hi ? four.lo : four.hi;
    return two.x > two.y ? two.x : two.y;
}

/// 2 to the power of each lane, for lanes that hold integers from -126 to 127: the exponent field is the integer plus
/// the bias of 127.
static inline __attribute__((always_inline)) cvm_float16 cvm_exp2_integer(cvm_float16 n) {
    cvm_int16 bits = (__builtin_convertvector(n, cvm_int16) + 127) << 23;
    return __builtin_bit_cast(cvm_float16, bits);
}

/// Each lane of `a` with the integer that stands in the low bits of `n` added to its exponent field.
static inline __attribute__((always_inline)) cvm_float16 cvm_add_to_exponent(cvm_float16 a, cvm_float16 n) {
    return __builtin_bit_cast(cvm_float16, __builtin_bit_cast(cvm_int16, a) + (__builtin_bit_cast(cvm_int16, n) << 23));
}

typedef short cvm_short16 __attribute__((ext_vector_type(16)));

/// The lanes, which are integers from -32768 to 32767, as 16-bit integers: adding 1.5 * 2^23 leaves them in the low bits.
static inline __attribute__((always_inline)) cvm_short16 cvm_short(cvm_float16 a) {
    return __builtin_convertvector(__builtin_bit_cast(cvm_int16, a + 12582912.0f), cvm_short16);
}

/// The nearest floats of sixteen integers.
static inline __attribute__((always_inline)) cvm_float16 cvm_float(cvm_int16 a) {
    return __builtin_convertvector(a, cvm_float16);
}

/// The first half of each 128-bit block of `a` and `b`, their lanes in turn: a0 b0 a1 b1, a4 b4 a5 b5, …
static inline __attribute__((always_inline)) cvm_float16 cvm_interleave_low(cvm_float16 a, cvm_float16 b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}

/// The second half of each 128-bit block: a2 b2 a3 b3, a6 b6 a7 b7, …
static inline __attribute__((always_inline)) cvm_float16 cvm_interleave_high(cvm_float16 a, cvm_float16 b) {
    return __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}

/// As `cvm_interleave_low`, but of pairs of lanes: a0 a1 b0 b1, a4 a5 b4 b5, …
static inline __attribute__((always_inline)) cvm_float16 cvm_interleave_pairs_low(cvm_float16 a, cvm_float16 b) {
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}

/// As `cvm_interleave_high`, but of pairs of lanes: a2 a3 b2 b3, a6 a7 b6 b7, …
static inline __attribute__((always_inline)) cvm_float16 cvm_interleave_pairs_high(cvm_float16 a, cvm_float16 b) {
    return __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}

typedef float cvm_float4 __attribute__((ext_vector_type(4), aligned(4)));

/// Stores the four 128-bit blocks of `a` at four places, `stride` floats apart.
static inline __attribute__((always_inline)) void cvm_store_blocks(float *address, long stride, cvm_float16 a) {
    *(cvm_float4 *)address = a.lo.lo;
    *(cvm_float4 *)(address + stride) = a.lo.hi;
    *(cvm_float4 *)(address + 2 * stride) = a.hi.lo;
    *(cvm_float4 *)(address + 3 * stride) = a.hi.hi;
}

/// Whether the processor has AVX-512 (its foundation) and the operating system saves its registers.
bool cvm_has_avx512(void);

/// y[r] = start[r] + sum of x[k, r] * panel[k] for six rows that stand interleaved in `x`, and one panel of sixteen columns or
/// two, `panel_stride` floats apart. Needs AVX-512.
void cvm_multiply_avx512(const float *x, long inner, const float *panel, long panel_stride, long panels,
                         const float *start, long start_stride, float *y, long y_stride);

/// y[r] = sum of x[k, r] * panel[k] for six rows that stand interleaved in `x` and one panel of sixteen columns; an element of
/// `x` and of the panel is a pair of 16-bit integers, and its product the sum of two. No sum may exceed 32 bits.
void cvm_multiply_pairs(const int *x, long inner, const int *panel, int *y, long y_stride);

/// Whether the processor also has the products of AVX-512 VNNI.
bool cvm_has_avx512_vnni(void);

/// As `cvm_multiply_pairs` for one panel or two, `panel_stride` pairs apart. Needs AVX-512 VNNI.
void cvm_multiply_pairs_avx512(const int *x, long inner, const int *panel, long panel_stride, long panels, int *y,
                               long y_stride);

#endif
