#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace uvoy {

/// Eight hexadecimal digits in lower case, the highest first.
inline void write_hex(char *out, std::uint32_t value) {
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

/// Sixteen of them.
inline void write_hex(char *out, std::uint64_t value) {
    write_hex(out, static_cast<std::uint32_t>(value >> 32));
    write_hex(out + 8, static_cast<std::uint32_t>(value));
}

}  // namespace uvoy
