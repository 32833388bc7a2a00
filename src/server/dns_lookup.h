#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "config/config.h"
#include "uv/address.h"
#include "uv/dns_client.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace uvoy::server {

/// One question to DNS: where are the endpoints of a cluster, or those of a name?
class DnsLookup {
public:
    struct Found {
        uv::SocketAddress address;
        std::uint32_t weight = 1;
        std::uint16_t priority =
            0;  ///< 0 for the first of the priorities that there are, then 1 ...
    };
    struct Outcome {
        std::vector<Found> found;   ///< in the order of addresses, each once
        Duration ttl{};             ///< the lowest of what was found
        bool ipv4_unknown = false;  ///< there may be more of these: a query failed
        bool ipv6_unknown = false;
        std::string problem;  ///< of the last query that failed or found nothing

        bool failed() const { return ipv4_unknown || ipv6_unknown; }
        /// This one may be right although it is not among those found.
        bool may_miss(const uv::SocketAddress &address) const {
            return address.family() == AF_INET6 ? ipv6_unknown : ipv4_unknown;
        }
    };

    enum class Sources : std::uint8_t {
        dns,
        hosts_first,  ///< what /etc/hosts has is not asked for; it counts for `hosts_ttl`
    };

    /// How long all queries together may take.
    static constexpr Duration longest = std::chrono::seconds{5};
    static constexpr Duration hosts_ttl = std::chrono::seconds{5};

    /// `on_done` is called once, from the loop, and may destroy this.
    DnsLookup(uv::Loop &loop, const config::Discovery &config, Delegate<void()> on_done,
              Sources sources = Sources::dns);

    DnsLookup(const DnsLookup &) = delete;
    DnsLookup &operator=(const DnsLookup &) = delete;

    const Outcome &outcome() const { return outcome_; }

private:
    using Answer = uv::DnsClient::Answer;

    /// How to reach what a name stands for.
    struct Service {
        std::uint16_t port = 0;
        std::uint32_t weight = 1;
        std::uint16_t priority = 0;
    };

    /// `key` is the name in services_.
    void ask(const std::string &key, const std::string &name, uv::DnsType type);
    void on_answer(const std::string &name, uv::DnsType type, const Answer &answer);
    bool find_in_hosts(const config::Address &address);
    void add_addresses(const std::string &name, const Answer &answer);
    void ask_for_targets(const Answer &answer);
    void ask_for_addresses(const std::string &key, const std::string &name);
    bool all_answered() const { return open_.empty(); }
    void note_failure(uv::DnsType type);
    void on_timer();

    std::size_t most_;
    Delegate<void()> on_done_;
    Outcome outcome_;
    std::map<std::string, std::vector<Service>> services_;  // by name
    std::multiset<uv::DnsType> open_;                       // of the queries without an answer
    uv::Timer timer_;
    uv::DnsClient client_;
};

}  // namespace uvoy::server
