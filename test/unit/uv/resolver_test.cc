#include "uv/resolver.h"

#include <doctest/doctest.h>

namespace uvoy::uv {

TEST_CASE("a number resolves to itself with the port, whatever its family") {
    const auto four = resolve("127.0.0.1", 8080);
    REQUIRE(four.has_value());
    REQUIRE(four->size() == 1);
    CHECK(to_text(four->front()) == "127.0.0.1:8080");
    const auto six = resolve("::1", 65535);
    REQUIRE(six.has_value());
    REQUIRE(six->size() == 1);
    CHECK(to_text(six->front()) == "[::1]:65535");
}

TEST_CASE("localhost resolves to loopback addresses, each once") {
    const auto found = resolve("localhost", 80);
    REQUIRE(found.has_value());
    for (std::size_t i = 0; i < found->size(); ++i) {
        const std::string text = to_text((*found)[i]);
        CHECK((text.starts_with("127.") || text == "[::1]:80"));
        for (std::size_t j = 0; j < i; ++j) CHECK(text != to_text((*found)[j]));
    }
}

TEST_CASE("a name that cannot exist is an error that names it") {
    const auto found = resolve("no such host", 80);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().starts_with("cannot resolve \"no such host\": "));
}

}  // namespace uvoy::uv
