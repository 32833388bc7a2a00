#pragma once

#include "uv/dns_message.h"
#include "uv/handle.h"

#include "fixture.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::uv {

/// A DNS server on the loop, over UDP and TCP at one port.
class Nameserver {
public:
    explicit Nameserver(Loop &loop)
        : loop_{loop},
          tcp_{loop, listen_on(loopback()),
               ListenSocket::OnAccept::bind<&Nameserver::accept>(*this)},
          udp_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)},
          watch_{loop, udp_.get(), Watch::OnReady::bind<&Nameserver::on_datagrams>(*this)} {
        const SocketAddress address = loopback(port());
        REQUIRE(bind(udp_.get(), address.get(), address.length) == 0);
        REQUIRE(watch_.want(Watch::readable));
    }

    std::uint16_t port() const { return tcp_.port(); }

    void a(const std::string &name, std::string_view ip) { add_address(name, DnsType::a, ip); }
    void aaaa(const std::string &name, std::string_view ip) {
        add_address(name, DnsType::aaaa, ip);
    }
    void srv(const std::string &name, const std::string &target, unsigned port,
             unsigned priority = 0, unsigned weight = 0) {
        std::string data;
        for (const unsigned number : {priority, weight, port}) data += u16(number);
        records_[{name, DnsType::srv}].push_back(data + labels(target));
    }
    void clear() { records_.clear(); }

    std::set<DnsType> fails;    ///< questions that get SERVFAIL
    bool silent = false;        ///< answers nothing over UDP
    std::set<DnsType> ignores;  ///< of these
    bool truncates = false;     ///< over UDP nothing but the word that there is more
    unsigned ttl = 1;
    int datagrams = 0;  ///< questions over UDP
    int streams = 0;    ///< questions over TCP

private:
    struct Client final : proxy::TransportEvents {
        void on_connected(TimePoint) override {}
        void on_connect_failed(proxy::ConnectError, TimePoint) override {}
        void on_bytes(proxy::Bytes bytes, TimePoint) override {
            received += bytes;
            while (received.size() >= 2 && received.size() >= 2 + read_u16(received, 0)) {
                ++owner->streams;
                const std::size_t end = 2 + read_u16(received, 0);
                const std::string answer = owner->answer(received.substr(2, end - 2), false);
                const std::string size = u16(static_cast<unsigned>(answer.size()));
                transport->write(std::array<std::string_view, 2>{size, answer});
                received.erase(0, end);
            }
        }
        void on_end(TimePoint) override {}
        void on_congested(TimePoint) override {}
        void on_drained(TimePoint) override {}
        void on_broken(TimePoint) override {}

        Nameserver *owner = nullptr;
        std::string received;
        std::unique_ptr<StreamTransport> transport;
    };

    static std::string u16(unsigned value) {
        return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
    }
    static unsigned read_u16(std::string_view bytes, std::size_t at) {
        return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8 |
               static_cast<unsigned char>(bytes[at + 1]);
    }
    static std::string labels(std::string_view name) {
        std::string bytes;
        while (!name.empty()) {
            const std::size_t size = std::min(name.find('.'), name.size());
            bytes += static_cast<char>(size);
            bytes += name.substr(0, size);
            name.remove_prefix(std::min(size + 1, name.size()));
        }
        return bytes + '\0';
    }

    void add_address(const std::string &name, DnsType type, std::string_view ip) {
        std::array<char, sizeof(in6_addr)> bytes{};
        const bool wide = type == DnsType::aaaa;
        REQUIRE(inet_pton(wide ? AF_INET6 : AF_INET, std::string{ip}.c_str(), bytes.data()) == 1);
        records_[{name, type}].emplace_back(bytes.data(), wide ? 16U : 4U);
    }

    std::string answer(const std::string &query, bool cut) const {
        std::string name;
        std::size_t at = 12;
        while (query.at(at) != 0) {
            if (!name.empty()) name += '.';
            const auto size = static_cast<std::size_t>(query[at]);
            name += query.substr(at + 1, size);
            at += size + 1;
        }
        const auto type = static_cast<DnsType>(read_u16(query, at + 1));
        if (ignores.contains(type)) return {};
        const auto found = records_.find({name, type});
        const std::size_t count = found == records_.end() || cut ? 0 : found->second.size();
        const bool known = std::ranges::any_of(
            records_, [&](const auto &entry) { return entry.first.first == name; });
        const unsigned code = fails.contains(type) ? 2 : known ? 0 : 3;
        std::string bytes = query.substr(0, 2) + u16(0x8180 | (cut ? 0x200U : 0U) | code) + u16(1);
        bytes += u16(code == 0 ? static_cast<unsigned>(count) : 0) + u16(0) + u16(0);
        bytes += query.substr(12, at + 5 - 12);
        for (std::size_t i = 0; i < count && code == 0; ++i) {
            const std::string &data = found->second[i];
            bytes += u16(0xc00c) + u16(static_cast<unsigned>(type)) + u16(1) + u16(0) + u16(ttl);
            bytes += u16(static_cast<unsigned>(data.size())) + data;
        }
        return bytes;
    }

    void on_datagrams(std::uint32_t) {
        std::array<char, 4096> buffer{};
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        auto *const from = reinterpret_cast<sockaddr *>(&peer);
        const ssize_t size = recvfrom(udp_.get(), buffer.data(), buffer.size(), 0, from, &length);
        if (size < 0) return;
        ++datagrams;
        if (silent) return;
        const std::string bytes =
            answer({buffer.data(), static_cast<std::size_t>(size)}, truncates);
        if (bytes.empty()) return;
        sendto(udp_.get(), bytes.data(), bytes.size(), 0, from, length);
    }

    void accept(int fd, const sockaddr_storage &) {
        clients_.push_back(std::make_unique<Client>());
        clients_.back()->owner = this;
        clients_.back()->transport = StreamTransport::adopt(loop_, fd);
        clients_.back()->transport->start(*clients_.back());
    }

    Loop &loop_;
    std::map<std::pair<std::string, DnsType>, std::vector<std::string>> records_;
    std::vector<std::unique_ptr<Client>> clients_;
    ListenSocket tcp_;
    FileDescriptor udp_;
    Watch watch_;
};

}  // namespace uvoy::uv
