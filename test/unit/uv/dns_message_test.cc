#include "uv/dns_message.h"

#include <doctest/doctest.h>

#include <array>

namespace uvoy::uv {

namespace {

/// A response as bytes; names are written by label, offsets to earlier names by hand.
struct Message {
    explicit Message(std::uint16_t answers) {
        u16(0x1234).u16(0x8180).u16(1).u16(answers).u16(0).u16(0);
        name({"api", "internal"}).u16(1).u16(1);
    }

    Message &u8(unsigned value) {
        bytes.push_back(static_cast<std::uint8_t>(value));
        return *this;
    }
    Message &u16(unsigned value) { return u8(value >> 8 & 0xff).u8(value & 0xff); }
    Message &u32(unsigned value) { return u16(value >> 16).u16(value & 0xffff); }
    Message &name(std::initializer_list<std::string_view> labels) {
        for (const std::string_view label : labels) {
            u8(static_cast<unsigned>(label.size()));
            bytes.insert(bytes.end(), label.begin(), label.end());
        }
        return u8(0);
    }
    /// A record of the name in the question.
    Message &record(unsigned type, unsigned ttl, unsigned size) {
        return u16(0xc00c).u16(type).u16(1).u32(ttl).u16(size);
    }
    Message &ipv4(unsigned ttl, unsigned last) {
        return record(1, ttl, 4).u8(10).u8(0).u8(0).u8(last);
    }

    std::vector<std::uint8_t> bytes;
};

std::vector<std::string> texts(const DnsRecords &found) {
    std::vector<std::string> texts;
    for (const DnsRecord &record : found.records) texts.push_back(to_text(record.address));
    return texts;
}

}  // namespace

TEST_CASE("all addresses are found, and the lowest of their times to live") {
    const auto found = parse_dns_response(Message{2}.ipv4(60, 1).ipv4(30, 2).bytes, DnsType::a);
    REQUIRE(found);
    CHECK(texts(*found) == std::vector<std::string>{"10.0.0.1:0", "10.0.0.2:0"});
    CHECK(found->ttl == std::chrono::seconds{30});
}

TEST_CASE("an IPv6 address is found") {
    Message message{1};
    message.record(28, 5, 16).u32(0x20010db8).u32(0).u32(0).u32(1);
    const auto found = parse_dns_response(message.bytes, DnsType::aaaa);
    REQUIRE(found);
    CHECK(texts(*found) == std::vector<std::string>{"[2001:db8::1]:0"});
}

TEST_CASE("an alias counts for the time to live, other records do not") {
    Message message{3};
    message.record(5, 7, 4).u8(1).u8('b').u16(0xc00c);
    message.ipv4(60, 1);
    message.record(16, 1, 2).u8(1).u8('x');
    const auto found = parse_dns_response(message.bytes, DnsType::a);
    REQUIRE(found);
    CHECK(found->records.size() == 1);
    CHECK(found->ttl == std::chrono::seconds{7});
}

TEST_CASE("a service has a target, a port, a priority and a weight") {
    Message message{2};
    message.record(33, 20, 11).u16(1).u16(2).u16(8080).u8(2).u8('a').u8('1').u16(0xc010);
    message.record(33, 20, 7).u16(0).u16(0).u16(0).u8(0);
    const auto found = parse_dns_response(message.bytes, DnsType::srv);
    REQUIRE(found);
    REQUIRE(found->records.size() == 2);
    CHECK(found->records[0].target == "a1.internal");
    CHECK(found->records[0].port == 8080);
    CHECK(found->records[0].priority == 1);
    CHECK(found->records[0].weight == 2);
    CHECK(found->records[1].target == ".");
}

TEST_CASE("a time to live with its highest bit set is none") {
    const auto found = parse_dns_response(Message{1}.ipv4(0x8000'0001, 1).bytes, DnsType::a);
    REQUIRE(found);
    CHECK(found->ttl == std::chrono::seconds{0});
}

TEST_CASE("a response without answers has no records") {
    const auto found = parse_dns_response(Message{0}.bytes, DnsType::a);
    REQUIRE(found);
    CHECK(found->records.empty());
}

TEST_CASE("a response that is cut anywhere is malformed") {
    Message message{2};
    message.record(5, 7, 4).u8(1).u8('b').u16(0xc00c);
    message.record(33, 20, 11).u16(1).u16(2).u16(8080).u8(2).u8('a').u8('1').u16(0xc010);
    const std::span<const std::uint8_t> whole{message.bytes};
    REQUIRE(parse_dns_response(whole, DnsType::srv));
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(parse_dns_response(whole.first(size), DnsType::srv));
}

TEST_CASE("data of another size than its type has is malformed") {
    CHECK_FALSE(parse_dns_response(Message{1}.record(1, 5, 3).u16(0).u8(1).bytes, DnsType::a));
    CHECK_FALSE(parse_dns_response(Message{1}.record(28, 5, 4).u32(1).bytes, DnsType::aaaa));
    Message service{1};
    service.record(33, 20, 8).u16(1).u16(2).u16(3).u8(0).u8(0);
    CHECK_FALSE(parse_dns_response(service.bytes, DnsType::srv));
}

TEST_CASE("a name that points at itself is malformed") {
    Message message{1};
    message.record(33, 20, 8).u16(1).u16(2).u16(3).u16(
        0xc000U | static_cast<unsigned>(message.bytes.size() - 0));
    message.bytes[message.bytes.size() - 1] = static_cast<std::uint8_t>(message.bytes.size() - 2);
    CHECK_FALSE(parse_dns_response(message.bytes, DnsType::srv));
}

}  // namespace uvoy::uv
