// IEEE 754 binary16 by its bits, in vectors: with the plain instructions of x86-64, and not the code under test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fake {

inline float to_float(std::uint16_t half) {
    const std::uint32_t sign = std::uint32_t(half & 0x8000) << 16, exponent = half >> 10 & 0x1f;
    const std::uint32_t fraction = half & 0x3ff;
    std::uint32_t bits;
    if (exponent == 0) {
        const float small = float(std::int32_t(fraction)) * 0x1p-24f;
        std::memcpy(&bits, &small, sizeof bits);
    } else {
        bits = (exponent == 31 ? 255u << 23 : (exponent + 112) << 23) | fraction << 13;
    }
    bits |= sign;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// To nearest, ties to even.
inline std::uint16_t to_half(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const std::uint32_t sign = bits >> 16 & 0x8000, exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    if (exponent == 255) return std::uint16_t(sign | 0x7c00 | (fraction != 0 ? 0x200 : 0));
    if (exponent >= 143) return std::uint16_t(sign | 0x7c00);
    // Below 2^-25 all is zero; up to there the shift is as far as the number is small.
    if (exponent < 102) return std::uint16_t(sign);
    const std::uint32_t shift = exponent < 113 ? 126 - exponent : 13;
    const std::uint32_t whole = exponent < 113 ? fraction | 0x800000 : (exponent - 112) << 23 | fraction;
    const std::uint32_t kept = whole >> shift, rest = whole & ((1u << shift) - 1), middle = 1u << (shift - 1);
    return std::uint16_t(sign | (kept + (rest > middle || (rest == middle && (kept & 1)) ? 1 : 0)));
}

}  // namespace fake
