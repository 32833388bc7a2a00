#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "config/config.h"
#include "server/dns_lookup.h"
#include "server/refresh_pause.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace uvoy::server {

/// How a question to DNS ended.
enum class RefreshResult : std::uint8_t {
    success,
    partial,  ///< addresses of one family are unknown
    empty,    ///< there is no such name, or it has no address
    failure
};
inline constexpr std::size_t refresh_results = 4;
inline constexpr std::array<std::string_view, refresh_results> refresh_result_names{
    "success", "partial", "empty", "failure"};

/// What another configuration learned of the same question.
struct DiscoveryPast {
    std::array<std::uint64_t, refresh_results> counts{};
    RefreshResult last = RefreshResult::success;
    bool settled = false;
    bool found_any = false;
};

/// Asks DNS for the endpoints of one cluster, again and again: when the records' time to live is
/// over (or every `refresh`), and after a failure or an empty answer at growing distances.
class ClusterDiscovery {
public:
    /// Called with what was found, if anything was.  False: ask again soon.
    using OnFound = Delegate<bool(const DnsLookup::Outcome &)>;

    /// Asks at once, unless there is a `first` answer.
    ClusterDiscovery(uv::Loop &loop, const config::Cluster &config, std::uint64_t seed,
                     OnFound on_found, const DiscoveryPast &past = {},
                     const DnsLookup::Outcome *first = nullptr);

    const DiscoveryPast &past() const { return past_; }

    /// There was a first answer, or none in time.
    bool settled() const { return past_.settled; }
    /// Since the process began, by RefreshResult.
    const std::array<std::uint64_t, refresh_results> &counts() const { return past_.counts; }

private:
    void ask();
    void on_done();
    void take(const DnsLookup::Outcome &outcome);
    Duration pause_after(RefreshResult result, Duration ttl, bool complete);
    void report(RefreshResult result, const std::string &problem);

    uv::Loop &loop_;
    const config::Cluster &config_;
    RefreshPause pause_;
    OnFound on_found_;
    DiscoveryPast past_;
    uv::Timer timer_;
    std::optional<DnsLookup> lookup_;
};

}  // namespace uvoy::server
