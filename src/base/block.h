#pragma once

#include "base/word.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace uvoy {

/// Sixteen bytes that are compared at once.  What the comparisons give is a mask: its bit `i` is
/// about byte `i`.
class Block {
public:
    using Mask = std::uint32_t;

    static constexpr std::size_t size = 16;
    static constexpr Mask all = 0xffff;

#ifdef __SSE2__
    static Block load(const char *at) {
        Block block;
        block.bytes_ = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
        return block;
    }

    Mask equal(char byte) const { return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(byte))); }

    /// first <= byte <= last
    Mask between(char first, char last) const { return between(bytes_, first, last); }

    /// ASCII letters of either case.
    Mask letters() const { return between(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), 'a', 'z'); }

private:
    static Mask mask(__m128i found) { return static_cast<Mask>(_mm_movemask_epi8(found)); }

    static Mask between(__m128i bytes, char first, char last) {
        const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
        const __m128i most = _mm_set1_epi8(static_cast<char>(last - first));
        return mask(_mm_cmpeq_epi8(_mm_min_epu8(above, most), above));
    }

    __m128i bytes_;
#else
    static Block load(const char *at) {
        Block block;
        block.low_ = word::load(at);
        block.high_ = word::load(at + word::size);
        return block;
    }

    Mask equal(char byte) const { return between(byte, byte); }

    /// first <= byte <= last; both below 0x80
    Mask between(char first, char last) const { return between(first, last, 0); }

    /// ASCII letters of either case.
    Mask letters() const { return between('a', 'z', word::ones * 0x20); }

private:
    Mask between(char first, char last, word::Word set) const {
        return in(low_ | set, first, last) | in(high_ | set, first, last) << word::size;
    }

    static Mask in(word::Word word, char first, char last) {
        const word::Word low = word & ~word::high;
        const word::Word from = low + word::ones * (0x80U - static_cast<unsigned char>(first));
        const word::Word above = low + word::ones * (0x7fU - static_cast<unsigned char>(last));
        const word::Word found = from & ~above & ~word & word::high;
        return static_cast<Mask>((found >> 7) * 0x0102040810204080 >> 56);
    }

    word::Word low_ = 0;
    word::Word high_ = 0;
#endif
};

/// The first byte of at..end that `find(block)` marks, or end.  `find` is asked about bytes from
/// `begin` on only, where the bytes begin, at most at `at`; and about zeros.
template <typename Find>
const char *find_marked(const char *begin, const char *at, const char *end, Find find) {
    while (end - at >= static_cast<std::ptrdiff_t>(Block::size)) {
        if (const Block::Mask found = find(Block::load(at))) return at + __builtin_ctz(found);
        at += Block::size;
    }
    if (at == end) return end;
    const auto left = static_cast<std::size_t>(end - at);
    Block::Mask found = 0;
    if (end - begin >= static_cast<std::ptrdiff_t>(Block::size)) {
        found = find(Block::load(end - Block::size)) >> (Block::size - left);
    } else {
        char padded[Block::size] = {};
        std::memcpy(padded, at, left);
        found = find(Block::load(padded)) & ((Block::Mask{1} << left) - 1);
    }
    return found == 0 ? end : at + __builtin_ctz(found);
}

}  // namespace uvoy
