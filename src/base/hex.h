#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <emmintrin.h>
#endif

namespace uvoy {

#ifdef __x86_64__

/// Sixteen hexadecimal digits in lower case, the highest first.
inline void write_hex(char *out, std::uint64_t value) {
    const __m128i low_nibble = _mm_set1_epi8(0x0f);
    const auto highest_first = static_cast<long long>(__builtin_bswap64(value));
    const __m128i bytes = _mm_cvtsi64_si128(highest_first);
    const __m128i high = _mm_and_si128(_mm_srli_epi64(bytes, 4), low_nibble);
    const __m128i nibbles = _mm_unpacklo_epi8(high, _mm_and_si128(bytes, low_nibble));
    const __m128i letters = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
    const __m128i after_nine = _mm_and_si128(letters, _mm_set1_epi8('a' - '0' - 10));
    const __m128i digits = _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')), after_nine);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(out), digits);
}

#else

/// Eight of them.
inline void write_hex_half(char *out, std::uint32_t value) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    // A nibble a byte.
    std::uint64_t digits = value;
    digits = (digits | digits << 16) & 0x0000ffff0000ffff;
    digits = (digits | digits << 8) & 0x00ff00ff00ff00ff;
    digits = (digits | digits << 4) & 0x0f0f0f0f0f0f0f0f;
    const std::uint64_t letters = ((digits + ones * 6) >> 4) & ones;
    digits += ones * '0' + letters * ('a' - '0' - 10);
    if constexpr (std::endian::native == std::endian::little) digits = __builtin_bswap64(digits);
    std::memcpy(out, &digits, sizeof digits);
}

/// Sixteen hexadecimal digits in lower case, the highest first.
inline void write_hex(char *out, std::uint64_t value) {
    write_hex_half(out, static_cast<std::uint32_t>(value >> 32));
    write_hex_half(out + 8, static_cast<std::uint32_t>(value));
}

#endif

}  // namespace uvoy
