#include "uv/dns_message.h"

#include <ares.h>

#include <algorithm>
#include <cstring>

namespace uvoy::uv {

namespace {

constexpr std::uint16_t alias_type = 5;      // CNAME
constexpr std::uint16_t internet_class = 1;  // IN
// RFC 2181 section 8: more is to be taken for zero.
constexpr std::uint32_t longest_ttl = 0x7fff'ffff;

/// Reads from front to back; once it ran out of bytes it stays bad.
class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> message) : message_{message} {}

    bool good() const { return good_; }
    std::size_t at() const { return at_; }

    std::span<const std::uint8_t> take(std::size_t size) {
        good_ = good_ && size <= message_.size() - at_;
        if (!good_) return {};
        at_ += size;
        return message_.subspan(at_ - size, size);
    }
    std::uint16_t u16() {
        const auto bytes = take(2);
        return good_ ? static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]) : std::uint16_t{0};
    }
    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }
    /// A domain name, expanded; empty for the root.
    std::string name() {
        char *text = nullptr;
        long size = 0;
        good_ = good_ && at_ < message_.size() &&
                ares_expand_name(message_.data() + at_, message_.data(),
                                 static_cast<int>(message_.size()), &text, &size) == ARES_SUCCESS;
        if (!good_) return {};
        at_ += static_cast<std::size_t>(size);
        std::string name{text};
        ares_free_string(text);
        return name;
    }

private:
    std::span<const std::uint8_t> message_;
    std::size_t at_ = 0;
    bool good_ = true;
};

template <typename Socket, typename Ip>
SocketAddress make_address(sa_family_t family, std::span<const std::uint8_t> ip,
                           Ip Socket::*place) {
    Socket socket{};
    std::memcpy(&(socket.*place), ip.data(), ip.size());
    SocketAddress address;
    std::memcpy(&address.storage, &socket, sizeof socket);
    address.storage.ss_family = family;
    address.length = sizeof socket;
    return address;
}

DnsRecord read_service(Reader &reader) {
    DnsRecord record;
    record.priority = reader.u16();
    record.weight = reader.u16();
    record.port = reader.u16();
    record.target = reader.name();
    if (record.target.empty()) record.target = ".";
    return record;
}

/// The data of a record; nothing if it is malformed.
std::optional<DnsRecord> read_data(Reader &reader, DnsType type, std::size_t size) {
    const std::size_t end = reader.at() + size;
    DnsRecord record;
    switch (type) {
        case DnsType::a:
            if (size != sizeof(in_addr)) return std::nullopt;
            record.address = make_address(AF_INET, reader.take(size), &sockaddr_in::sin_addr);
            break;
        case DnsType::aaaa:
            if (size != sizeof(in6_addr)) return std::nullopt;
            record.address = make_address(AF_INET6, reader.take(size), &sockaddr_in6::sin6_addr);
            break;
        case DnsType::srv:
            record = read_service(reader);
            break;
    }
    if (!reader.good() || reader.at() != end) return std::nullopt;
    return record;
}

}  // namespace

std::optional<DnsRecords> parse_dns_response(std::span<const std::uint8_t> message, DnsType type) {
    Reader reader{message};
    reader.take(4);
    const std::uint16_t questions = reader.u16();
    const std::uint16_t answers = reader.u16();
    reader.take(4);
    for (std::uint16_t i = 0; i < questions && reader.good(); ++i) {
        reader.name();
        reader.take(4);
    }
    DnsRecords result;
    std::uint32_t lowest_ttl = longest_ttl;
    for (std::uint16_t i = 0; i < answers; ++i) {
        reader.name();
        const std::uint16_t its_type = reader.u16();
        const std::uint16_t its_class = reader.u16();
        const std::uint32_t ttl = reader.u32();
        const std::uint16_t size = reader.u16();
        const bool wanted = its_type == static_cast<std::uint16_t>(type);
        if (its_class != internet_class || (!wanted && its_type != alias_type)) {
            reader.take(size);
            continue;
        }
        lowest_ttl = std::min(lowest_ttl, ttl > longest_ttl ? 0 : ttl);
        if (!wanted || result.records.size() == most_dns_records) {
            reader.take(size);
            continue;
        }
        std::optional<DnsRecord> record = read_data(reader, type, size);
        if (!record) return std::nullopt;
        result.records.push_back(std::move(*record));
    }
    if (!reader.good()) return std::nullopt;
    result.ttl = std::chrono::seconds{lowest_ttl};
    return result;
}

}  // namespace uvoy::uv
