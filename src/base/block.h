#pragma once

#include "base/word.h"

#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace uvoy {

/// Sixteen bytes that are compared at once.
class Block {
public:
    using Mask = std::uint32_t;
    class Marks;

    static constexpr std::size_t size = 16;
    static constexpr Mask all = 0xffff;

    static Block load(const char *at);
    /// The first `count` bytes at `at`, fewer than `size`, and zeros behind them.
    static Block load(const char *at, std::size_t count) {
        if (count < word::size) return of(word::load(at, count), 0);
        const std::size_t missing = size - count;  // 1..8: a shift by all 64 bits is none
        const word::Word last = word::load(at + count - word::size);
        return of(word::load(at), last >> 8 * (missing - 1) >> 8);
    }

    Marks equal(char byte) const;
    /// first <= byte <= last; both below 0x80
    Marks between(char first, char last) const;
    /// ASCII letters of either case.
    Marks letters() const;

private:
    static Block of(word::Word low, word::Word high);

#ifdef __SSE2__
    using Bytes = __m128i;
#else
    struct Bytes {
        word::Word low = 0;
        word::Word high = 0;
    };
#endif

    explicit Block(Bytes bytes) : bytes_{bytes} {}
    static Marks between(Bytes bytes, char first, char last);

    Bytes bytes_;
};

#ifdef __SSE2__

/// The bytes of a block that a comparison is true of.
class Block::Marks {
public:
    explicit Marks(__m128i bytes) : bytes_{bytes} {}

    friend Marks operator|(Marks a, Marks b) { return Marks{_mm_or_si128(a.bytes_, b.bytes_)}; }
    Marks without(Marks other) const { return Marks{_mm_andnot_si128(other.bytes_, bytes_)}; }

    /// Bit `i` is about byte `i`.
    Mask mask() const { return static_cast<Mask>(_mm_movemask_epi8(bytes_)); }

private:
    __m128i bytes_;  // 0xff where it is marked, else 0
};

inline Block Block::load(const char *at) {
    return Block{_mm_loadu_si128(reinterpret_cast<const __m128i *>(at))};
}

inline Block Block::of(word::Word low, word::Word high) {
    return Block{_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low))};
}

inline Block::Marks Block::between(__m128i bytes, char first, char last) {
    const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    const __m128i most = _mm_set1_epi8(static_cast<char>(last - first));
    return Marks{_mm_cmpeq_epi8(_mm_min_epu8(above, most), above)};
}

inline Block::Marks Block::equal(char byte) const {
    return Marks{_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(byte))};
}

inline Block::Marks Block::between(char first, char last) const {
    return between(bytes_, first, last);
}

inline Block::Marks Block::letters() const {
    return between(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), 'a', 'z');
}

#else

/// The bytes of a block that a comparison is true of.
class Block::Marks {
public:
    explicit Marks(Mask mask) : mask_{mask} {}

    friend Marks operator|(Marks a, Marks b) { return Marks{a.mask_ | b.mask_}; }
    Marks without(Marks other) const { return Marks{mask_ & ~other.mask_}; }

    /// Bit `i` is about byte `i`.
    Mask mask() const { return mask_; }

private:
    Mask mask_;
};

inline Block Block::load(const char *at) { return of(word::load(at), word::load(at + word::size)); }

inline Block Block::of(word::Word low, word::Word high) { return Block{Bytes{low, high}}; }

inline Block::Marks Block::between(Bytes bytes, char first, char last) {
    const auto of_word = [first, last](word::Word word) {
        const word::Word low = word & ~word::high;
        const word::Word from = low + word::ones * (0x80U - static_cast<unsigned char>(first));
        const word::Word above = low + word::ones * (0x7fU - static_cast<unsigned char>(last));
        const word::Word found = from & ~above & ~word & word::high;
        return static_cast<Mask>((found >> 7) * 0x0102040810204080 >> 56);
    };
    return Marks{of_word(bytes.low) | of_word(bytes.high) << word::size};
}

inline Block::Marks Block::equal(char byte) const { return between(byte, byte); }

inline Block::Marks Block::between(char first, char last) const {
    return between(bytes_, first, last);
}

inline Block::Marks Block::letters() const {
    const word::Word lower = word::ones * 0x20;
    return between(Bytes{bytes_.low | lower, bytes_.high | lower}, 'a', 'z');
}

#endif

/// The block at `at`, with zeros from `end` on, which is not below `at`.
inline Block load_block(const char *at, const char *end) {
    const auto left = static_cast<std::size_t>(end - at);
    if (left >= Block::size) [[likely]]
        return Block::load(at);
    return Block::load(at, left);
}

/// The first byte of at..end for which the mask `find(block)` has a bit, or end.  Zeros behind the
/// end may have bits as well: the first of them is at the end.
template <typename Find>
const char *find_marked(const char *at, const char *end, Find find) {
    for (; at < end; at += Block::size)
        if (const Block::Mask found = find(load_block(at, end))) return at + __builtin_ctz(found);
    return end;
}

}  // namespace uvoy
