#include "base/block.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace uvoy {

namespace {

Block::Mask mask_of(std::string_view text, auto is_marked) {
    Block::Mask mask = 0;
    for (std::size_t i = 0; i < Block::size; ++i)
        if (is_marked(static_cast<unsigned char>(text[i]))) mask |= Block::Mask{1} << i;
    return mask;
}

}  // namespace

TEST_CASE("a block marks the bytes that a comparison of each alone finds") {
    std::array<char, Block::size> text{};
    for (unsigned value = 0; value < 256; ++value) {
        for (std::size_t at = 0; at < text.size(); ++at)
            text[at] = static_cast<char>(value + at * at * 37);
        const std::string_view bytes{text.data(), text.size()};
        const Block block = Block::load(text.data());
        CAPTURE(value);
        CHECK(block.equal('-') == mask_of(bytes, [](unsigned char c) { return c == '-'; }));
        CHECK(block.equal('\x7f') == mask_of(bytes, [](unsigned char c) { return c == 0x7f; }));
        CHECK(block.between('\0', '\x1f') ==
              mask_of(bytes, [](unsigned char c) { return c < 0x20; }));
        CHECK(block.between('!', '~') ==
              mask_of(bytes, [](unsigned char c) { return c >= '!' && c <= '~'; }));
        CHECK(block.letters() == mask_of(bytes, [](unsigned char c) {
                  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
              }));
    }
}

TEST_CASE("the first marked byte is found wherever it is, and what is around is not looked at") {
    const auto is_colon = [](Block block) { return block.equal(':'); };
    for (std::size_t size = 0; size < 40; ++size) {
        for (std::size_t from = 0; from <= size; ++from) {
            for (std::size_t at = from; at <= size; ++at) {
                // Colons before `from` and behind the end.
                std::string text = std::string(from, ':') + std::string(size - from, 'x') + ":::";
                if (at < size) text[at] = ':';
                const char *const begin = text.data();
                const char *const found = find_marked(begin, begin + from, begin + size, is_colon);
                CAPTURE(size);
                CAPTURE(from);
                CHECK(static_cast<std::size_t>(found - begin) == at);
            }
        }
    }
}

}  // namespace uvoy
