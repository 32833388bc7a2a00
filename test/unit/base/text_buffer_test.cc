#include "base/text_buffer.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace uvoy {

TEST_CASE("pieces of every size stand one behind the other, however often it has to grow") {
    TextBuffer buffer;
    std::string expected;
    for (std::size_t size = 0; size < 300; ++size) {
        std::string piece(size, ' ');
        for (std::size_t i = 0; i < size; ++i) piece[i] = static_cast<char>('a' + (size + i) % 26);
        TextWriter{buffer}.add(piece);
        expected += piece;
        CAPTURE(size);
        REQUIRE(buffer.view() == expected);
    }
    {
        TextWriter writer{buffer};
        for (std::size_t size = 0; size < 300; ++size) {
            writer.add(std::string(size, 'x')).add(", ");
            expected += std::string(size, 'x') + ", ";
        }
        writer.add(std::string(50'000, 'y'));
        expected += std::string(50'000, 'y');
    }
    CHECK(buffer.view() == expected);
}

TEST_CASE("numbers, fields and words of ours") {
    TextBuffer buffer;
    TextWriter{buffer}.number(0).add(" ").number(UINT64_MAX).add("\r\n").field("Name", "value");
    CHECK(buffer.view() == "0 18446744073709551615\r\nName: value\r\n");
}

TEST_CASE("what is cut or cleared leaves the memory there") {
    TextBuffer buffer;
    CHECK(buffer.capacity() == 0);
    CHECK(buffer.view().empty());
    TextWriter{buffer}.add(std::string(1000, 'a'));
    const std::size_t capacity = buffer.capacity();
    CHECK(capacity >= 1000);
    buffer.cut(3);
    TextWriter{buffer}.add("b");
    CHECK(buffer.view() == "aaab");
    buffer.clear();
    CHECK(buffer.size() == 0);
    CHECK(buffer.capacity() == capacity);
    buffer.give_memory_back();
    CHECK(buffer.capacity() == 0);
}

}  // namespace uvoy
