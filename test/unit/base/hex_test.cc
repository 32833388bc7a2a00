#include "base/hex.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <string>

namespace uvoy {

TEST_CASE("a number is sixteen digits in lower case, the highest first") {
    const auto hex = [](std::uint64_t value) {
        std::string digits(16, '?');
        write_hex(digits.data(), value);
        return digits;
    };
    CHECK(hex(0) == "0000000000000000");
    CHECK(hex(0x0123456789abcdef) == "0123456789abcdef");
    CHECK(hex(0xfedcba9876543210) == "fedcba9876543210");
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
        const std::uint64_t value = byte * 0x0100000000000001;
        CHECK(hex(value) == fmt::format("{:016x}", value));
    }
}

}  // namespace uvoy
