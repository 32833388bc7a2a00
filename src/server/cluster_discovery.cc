#include "server/cluster_discovery.h"

#include "base/log.h"

#include <algorithm>

namespace uvoy::server {

namespace {

RefreshResult result_of(const DnsLookup::Outcome &outcome) {
    if (outcome.found.empty())
        return outcome.failed() ? RefreshResult::failure : RefreshResult::empty;
    return outcome.failed() ? RefreshResult::partial : RefreshResult::success;
}

}  // namespace

ClusterDiscovery::ClusterDiscovery(uv::Loop &loop, const config::Cluster &config,
                                   std::uint64_t seed, OnFound on_found, const DiscoveryPast &past,
                                   const DnsLookup::Outcome *first)
    : loop_{loop},
      config_{config},
      pause_{seed},
      on_found_{on_found},
      past_{past},
      timer_{loop, Delegate<void()>::bind<&ClusterDiscovery::ask>(*this)} {
    if (first != nullptr) take(*first);
    else ask();
}

void ClusterDiscovery::ask() {
    // Each time anew, so that a change of /etc/resolv.conf is seen.
    lookup_.emplace(loop_, *config_.discovery,
                    Delegate<void()>::bind<&ClusterDiscovery::on_done>(*this));
}

void ClusterDiscovery::on_done() {
    const DnsLookup::Outcome outcome = lookup_->outcome();
    lookup_.reset();
    take(outcome);
}

void ClusterDiscovery::take(const DnsLookup::Outcome &outcome) {
    const RefreshResult result = result_of(outcome);
    ++past_.counts[static_cast<std::size_t>(result)];
    report(result, outcome.problem);
    const bool complete = outcome.found.empty() || on_found_(outcome);
    past_.found_any = past_.found_any || !outcome.found.empty();
    past_.settled = true;
    timer_.arm(pause_after(result, outcome.ttl, complete));
}

Duration ClusterDiscovery::pause_after(RefreshResult result, Duration ttl, bool complete) {
    if (result == RefreshResult::failure || result == RefreshResult::empty)
        return pause_.after_failure();
    const Duration pause = config_.discovery->refresh.value_or(RefreshPause::bounded(ttl));
    return pause_.after_answer(complete ? pause : std::min(pause, RefreshPause::shortest));
}

void ClusterDiscovery::report(RefreshResult result, const std::string &problem) {
    if (result == past_.last) return;
    past_.last = result;
    const std::string &name = config_.name;
    switch (result) {
        case RefreshResult::success:
            log::info("cluster {}: DNS tells all endpoints again", name);
            break;
        case RefreshResult::partial:
            log::warning("cluster {}: DNS tells only some endpoints ({})", name, problem);
            break;
        case RefreshResult::empty:
            log::warning("cluster {}: DNS knows no endpoint ({}): {}", name, problem,
                         past_.found_any ? "the last ones are kept" : "503 until it does");
            break;
        case RefreshResult::failure:
            log::warning("cluster {}: DNS does not tell the endpoints ({}): {}", name, problem,
                         past_.found_any ? "the last ones are kept" : "503 until it does");
            break;
    }
}

}  // namespace uvoy::server
