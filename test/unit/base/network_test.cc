#include "base/network.h"

#include <doctest/doctest.h>

#include <string_view>

namespace uvoy {

TEST_CASE("an address has one value, however it is written") {
    const auto text = [](std::string_view written) {
        const auto address = IpAddress::parse(written);
        return address ? address->text() : "none";
    };
    CHECK(text("192.0.2.1") == "192.0.2.1");
    CHECK(text("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(text("2001:DB8:0::1") == "2001:db8::1");
    CHECK(text("::") == "::");
    for (const std::string_view wrong :
         {"", "192.0.2", "192.0.2.256", "192.0.2.1.1", "0x7f.1", "[::1]", "::1%lo", "1::2::3",
          " 192.0.2.1", "192.0.2.1:80", "localhost",
          "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa"}) {
        CAPTURE(wrong);
        CHECK(text(wrong) == "none");
    }
}

TEST_CASE("a network contains the addresses of its prefix") {
    struct Row {
        std::string_view network;
        std::string_view address;
        bool contained;
    };
    const Row rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3/8", "10.0.0.1", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.0/31", "192.0.2.1", true},
        {"192.0.2.0/31", "192.0.2.2", false},
        {"0.0.0.0/0", "255.0.0.1", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "192.0.2.1", true},
        {"2001:db8::/33", "2001:db8::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1", "::1", true},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},
    };
    for (const Row &row : rows) {
        CAPTURE(row.network);
        CAPTURE(row.address);
        const auto network = Network::parse(row.network);
        const auto address = IpAddress::parse(row.address);
        REQUIRE(network);
        REQUIRE(address);
        CHECK(network->contains(*address) == row.contained);
    }
}

TEST_CASE("a network is written with its prefix and without stray bits") {
    CHECK(Network::parse("10.1.2.3/8")->text() == "10.0.0.0/8");
    CHECK(Network::parse("10.1.2.3")->text() == "10.1.2.3/32");
    CHECK(Network::parse("2001:db8::1/32")->text() == "2001:db8::/32");
    CHECK(Network::parse("::1")->text() == "::1/128");
    for (const std::string_view wrong :
         {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8 ",
          "::/129", "10.0.0.0/8/8", "x/8"}) {
        CAPTURE(wrong);
        CHECK_FALSE(Network::parse(wrong).has_value());
    }
}

}  // namespace uvoy
