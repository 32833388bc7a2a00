#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// Eight bytes at a time (Warren, Hacker's Delight, section 6-1).  What these functions mark is
/// the high bit of each byte found; a borrow may mark bytes above the lowest one found falsely, so
/// a result tells whether there is one, and where the first one is.
namespace uvoy::word {

using Word = std::uint64_t;

inline constexpr std::size_t size = sizeof(Word);
inline constexpr Word ones = 0x0101010101010101;
inline constexpr Word high = ones * 0x80;

/// The bytes at `at`, the first of them the lowest.
inline Word load(const char *at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

/// Fewer than `size` bytes at `at`, and zeros above them.
inline Word load(const char *at, std::size_t count) {
    constexpr std::size_t half = size / 2;
    if (count >= half) {  // two halves that may overlap
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, at, half);
        std::memcpy(&last, at + count - half, half);
        if constexpr (std::endian::native == std::endian::big) {
            first = __builtin_bswap32(first);
            last = __builtin_bswap32(last);
        }
        return first | Word{last} << 8 * (count - half);
    }
    Word word = 0;
    while (count != 0) word = word << 8 | static_cast<unsigned char>(at[--count]);
    return word;
}

/// The lowest byte becomes the first one at `at`.
inline void store(Word word, char *at) {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    std::memcpy(at, &word, sizeof word);
}

/// Bytes below `bound`, which is at most 0x80.
constexpr Word below(Word word, unsigned char bound) {
    return (word - ones * bound) & ~word & high;
}

/// Bytes that equal `byte`.
constexpr Word equal(Word word, unsigned char byte) { return below(word ^ (ones * byte), 1); }

/// Index of the first byte found; at least one was.
constexpr std::size_t first(Word found) {
    return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

}  // namespace uvoy::word
