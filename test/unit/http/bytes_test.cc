#include "http/bytes.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::http {

TEST_CASE("eight bytes at a time finds the same control bytes as one at a time") {
    for (std::size_t length = 1; length <= 20; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            for (int value = 0; value < 256; ++value) {
                std::string text(length, 'x');
                text[length - 1 - at / 2] = '\t';
                text[at] = static_cast<char>(value);
                const bool allowed = value == '\t' || (value >= ' ' && value != 0x7f);
                if (is_text(text) == allowed) continue;
                FAIL("length " << length << ", at " << at << ", byte " << value);
            }
        }
    }
}

TEST_CASE("token bytes are those of RFC 9110 section 5.6.2") {
    int count = 0;
    for (int value = 0; value < 256; ++value)
        if (token_bytes.has(static_cast<char>(value))) ++count;
    CHECK(count == 15 + 10 + 52);
    for (const char delimiter : std::string_view{"\"(),/:;<=>?@[\\]{} \t"}) {
        CAPTURE(delimiter);
        CHECK_FALSE(token_bytes.has(delimiter));
    }
    CHECK_FALSE(token_bytes.spell(""));
}

}  // namespace uvoy::http
