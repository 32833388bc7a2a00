#include "base/block.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
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
        CHECK(block.equal('-').mask() == mask_of(bytes, [](unsigned char c) { return c == '-'; }));
        CHECK(block.equal('\x7f').mask() ==
              mask_of(bytes, [](unsigned char c) { return c == 0x7f; }));
        CHECK(block.between('\0', '\x1f').mask() ==
              mask_of(bytes, [](unsigned char c) { return c < 0x20; }));
        CHECK(block.between('!', '~').mask() ==
              mask_of(bytes, [](unsigned char c) { return c >= '!' && c <= '~'; }));
        CHECK(block.letters().mask() == mask_of(bytes, [](unsigned char c) {
                  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
              }));
    }
}

TEST_CASE("a block may be loaded in part, and has zeros behind that") {
    const std::string text = "0123456789abcdef";
    for (std::size_t count = 0; count < Block::size; ++count) {
        std::string padded = text.substr(0, count);
        padded.resize(Block::size);
        // Where the memory ends, for the sanitizers to see what is read.
        const std::unique_ptr<char[]> part{new char[count]};
        std::copy_n(text.begin(), count, part.get());
        const Block block = Block::load(part.get(), count);
        const Block whole = load_block(part.get(), part.get() + count);
        CAPTURE(count);
        for (const char byte : text + '\0') {
            const auto expected = mask_of(
                padded, [&](unsigned char c) { return c == static_cast<unsigned char>(byte); });
            CHECK(block.equal(byte).mask() == expected);
            CHECK(whole.equal(byte).mask() == expected);
        }
    }
}

TEST_CASE("marks are joined and taken away") {
    const Block block = Block::load("a-b-c-0123456789");
    CHECK((block.equal('-') | block.equal('9')).mask() == 0b1000'0000'0010'1010);
    CHECK(block.between('0', '9').without(block.equal('9')).mask() == 0b0111'1111'1100'0000);
}

TEST_CASE("where zeros are looked for and there are none, those behind the end are not found") {
    const auto is_zero = [](Block block) { return block.equal('\0').mask(); };
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string text(size, 'x');
        const char *const end = text.data() + size;
        CHECK(find_marked(text.data(), end, is_zero) == end);
    }
}

TEST_CASE("the first marked byte is found wherever it is, and what is around is not looked at") {
    const auto is_colon = [](Block block) { return block.equal(':').mask(); };
    for (std::size_t size = 0; size < 40; ++size) {
        for (std::size_t from = 0; from <= size; ++from) {
            for (std::size_t at = from; at <= size; ++at) {
                // Colons before `from` and behind the end.
                std::string text = std::string(from, ':') + std::string(size - from, 'x') + ":::";
                if (at < size) text[at] = ':';
                const char *const begin = text.data();
                const char *const found = find_marked(begin + from, begin + size, is_colon);
                CAPTURE(size);
                CAPTURE(from);
                CHECK(static_cast<std::size_t>(found - begin) == at);
            }
        }
    }
}

}  // namespace uvoy
