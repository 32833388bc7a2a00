#include "server/generation.h"

#include <algorithm>
#include <utility>

namespace uvoy::server {

namespace {

/// Whether the buckets of both are the same.
bool same_buckets(const config::RateLimit &one, const config::RateLimit &other) {
    return one.name == other.name && one.rate == other.rate && one.burst == other.burst &&
           one.key == other.key && one.table == other.table;
}

std::shared_ptr<limit::Ledger> ledger_of(const config::RateLimit &limit) {
    return std::make_shared<limit::Ledger>(
        limit::Policy{
            .tokens = limit.rate.requests, .period = limit.rate.per, .burst = limit.burst},
        limit.table);
}

}  // namespace

Generation::Generation(config::Config config, std::uint64_t hash_seed, unsigned workers,
                       std::uint64_t instance)
    : number_{0},
      runtime_{std::move(config), hash_seed, workers, instance},
      addresses_{runtime_},
      clusters_{runtime_},
      totals_{runtime_.dimensions()},
      holders_{workers} {
    add_ledgers(nullptr);
    add_stats(workers, nullptr);
}

Generation::Generation(config::Config config, std::uint64_t hash_seed, const Generation &former)
    : number_{former.number_ + 1},
      runtime_{std::move(config), hash_seed, static_cast<unsigned>(former.stats_.size()),
               former.runtime_},
      heirs_{std::in_place, former.runtime_, runtime_},
      addresses_{runtime_, former.addresses_, *heirs_},
      clusters_{runtime_, former.clusters_},
      totals_{runtime_.dimensions()},
      holders_{former.stats_.size()} {
    add_ledgers(&former);
    add_stats(static_cast<unsigned>(former.stats_.size()), &former);
    totals_.follow(former.totals_, proxy::lineage(former.runtime_, runtime_));
}

void Generation::add_stats(unsigned workers, const Generation *former) {
    for (unsigned i = 0; i < workers; ++i) {
        stats_.push_back(std::make_unique<stats::WorkerStats>(
            runtime_.dimensions(),
            former != nullptr ? former->stats_[i]->shared_process() : nullptr));
        stats_list_.push_back(stats_.back().get());
    }
    totals_.start(stats_list_);
}

void Generation::add_ledgers(const Generation *former) {
    for (const config::RateLimit &limit : runtime_.config().rate_limits) {
        std::shared_ptr<limit::Ledger> ledger;
        if (former != nullptr) {
            const auto &before = former->runtime_.config().rate_limits;
            const auto same = std::ranges::find_if(
                before, [&](const config::RateLimit &one) { return same_buckets(one, limit); });
            if (same != before.end())
                ledger = former->ledgers_[static_cast<std::size_t>(same - before.begin())];
        }
        ledgers_.push_back(ledger ? std::move(ledger) : ledger_of(limit));
        ledger_list_.push_back(ledgers_.back().get());
    }
}

}  // namespace uvoy::server
