// Lane operations that Swift's SIMD types lack or compile to scalar code, and a prefetch. One line each, no loops.

#ifndef CVECTORMATH_H
#define CVECTORMATH_H

#if defined(__x86_64__) && !defined(__FMA__)
#error "Compile for x86-64-v3 (AVX2 and FMA): without it every fused multiply-add becomes a call of fmaf()."
#endif

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

/// The largest lane.
static inline __attribute__((always_inline)) float cvm_reduce_max(cvm_float16 a) {
    return __builtin_reduce_max(a);
}

/// 2 to the power of each lane, for lanes that hold integers from -126 to 127: the exponent field is the integer plus
/// the bias of 127.
static inline __attribute__((always_inline)) cvm_float16 cvm_exp2_integer(cvm_float16 n) {
    cvm_int16 bits = (__builtin_convertvector(n, cvm_int16) + 127) << 23;
    return __builtin_bit_cast(cvm_float16, bits);
}

/// Asks for the cache line at an address that will soon be read, as far as the second level; never faults.
static inline __attribute__((always_inline)) void cvm_prefetch(const float *address) {
    __builtin_prefetch(address, 0, 2);
}

#endif
