#include "uv/address.h"

#include <doctest/doctest.h>

namespace uvoy::uv {

TEST_CASE("an address reads back as it was written") {
    for (const char *text :
         {"127.0.0.1:80", "255.255.255.255:65535", "0.0.0.0:0", "[::1]:8080",
          "[2001:db8::ff00:42:8329]:443", "[::]:1", "unix:/run/uvoy/http.sock"}) {
        CAPTURE(text);
        const auto address = parse_address(text);
        REQUIRE(address.has_value());
        CHECK(to_text(*address) == text);
    }
}

TEST_CASE("what is not a numeric address is refused with the text in the reason") {
    const std::string long_path = "unix:/" + std::string(107, 'x');
    for (const std::string &text : {std::string{},
                                    std::string{"127.0.0.1"},
                                    std::string{"127.0.0.1:"},
                                    std::string{"127.0.0.1:65536"},
                                    std::string{"127.0.0.1:-1"},
                                    std::string{"127.0.0.1:80 "},
                                    std::string{"127.0.0.1:+80"},
                                    std::string{"127.1:80"},
                                    std::string{"localhost:80"},
                                    std::string{"::1:80"},
                                    std::string{"[::1]"},
                                    std::string{"[::1:80"},
                                    std::string{"[127.0.0.1]:80"},
                                    std::string{"[]:80"},
                                    std::string{"[::1%lo]:80"},
                                    std::string{"127.0.0.1\0x:80", 14},
                                    std::string{"unix:"},
                                    std::string{"unix:relative"},
                                    std::string{"unix:/a\0b", 9},
                                    long_path}) {
        CAPTURE(text);
        const auto address = parse_address(text);
        REQUIRE_FALSE(address.has_value());
        CHECK(address.error().find(text) != std::string::npos);
    }
}

TEST_CASE("the longest path that fits a socket name is taken whole") {
    const std::string text = "unix:/" + std::string(106, 'x');
    CHECK(to_text(*parse_address(text)) == text);
}

TEST_CASE("a port can be read and set") {
    SocketAddress four = *parse_address("127.0.0.1:80");
    SocketAddress six = *parse_address("[::1]:81");
    CHECK(four.port() == 80);
    CHECK(six.port() == 81);
    CHECK(parse_address("unix:/x")->port() == 0);
    four.set_port(443);
    six.set_port(444);
    CHECK(to_text(four) == "127.0.0.1:443");
    CHECK(to_text(six) == "[::1]:444");
}

TEST_CASE("a client's address is shown without port, and as IPv4 where it is that") {
    struct {
        const char *address, *text;
    } const cases[]{
        {"192.0.2.255:9", "192.0.2.255"},
        {"0.0.0.0:9", "0.0.0.0"},
        {"[::ffff:192.0.2.1]:9", "192.0.2.1"},
        {"[2001:db8:1111:2222:3333:4444:5555:6666]:9", "2001:db8:1111:2222:3333:4444:5555:6666"},
        {"[::]:9", "::"},
        {"unix:/run/x", "unix:"},
    };
    for (const auto &[address, text] : cases)
        CHECK(IpText{parse_address(address)->storage}.view() == text);
}

}  // namespace uvoy::uv
