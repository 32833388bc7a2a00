#include "server/metrics_sections.h"

namespace uvoy::server {

void append_limits(MetricFamilies &list, const ServerView &view) {
    const std::vector<config::RateLimit> &limits = view.runtime.config().rate_limits;
    if (limits.empty()) return;
    Counter admitted{list, "uvoy_ratelimit_admitted_total",
                     "Requests admitted by a rate limit (rejected: requests_dropped_total)."};
    for (std::size_t i = 0; i < limits.size(); ++i)
        admitted.add({{"limit", limits[i].name}}, view.totals.limit(i).admitted);

    Counter dry_run{list, "uvoy_ratelimit_dry_run_total",
                    "Requests that a rate limit in dry run would have rejected."};
    for (std::size_t i = 0; i < limits.size(); ++i)
        if (limits[i].dry_run)
            dry_run.add({{"limit", limits[i].name}}, view.totals.limit(i).dry_run);

    std::uint64_t evictions = 0;
    for (const limit::Ledger *ledger : view.ledgers) evictions += ledger->live_evictions();
    Counter{list, "uvoy_ratelimit_live_evictions_total",
            "Keys forgotten before their bucket was full again: a table is too small."}
        .add({}, evictions);
}

}  // namespace uvoy::server
