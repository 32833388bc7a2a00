#include "config/tables.h"

#include <algorithm>
#include <chrono>

namespace uvoy::config {

namespace {

void finish(Context &, const Node &node, RateLimit &limit) {
    if (node.find("burst") != nullptr) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit.rate.per).count();
    limit.burst = std::max(1u, limit.rate.requests / static_cast<std::uint32_t>(seconds));
}

}  // namespace

const Table<RateLimit> &rate_limit_table() {
    using T = RateLimit;
    constexpr std::uint32_t most_tokens = 1'000'000'000;
    constexpr std::uint32_t most_keys = 1u << 28;
    static const Table<T> table{
        .noun = "a rate limit",
        .keys = {required(key<T>("rate", &T::rate, rate(), "requests per second, minute or hour")),
                 derived(key<T>("burst", &T::burst, integer<std::uint32_t>(1, most_tokens),
                                "requests that may come at once after a pause"),
                         "the rate per second, at least 1"),
                 key<T>("key", &T::key, rate_limit_key(),
                        "each value has a bucket of its own; [] = one bucket for all"),
                 key<T>("status", &T::status, integer<std::uint16_t>(400, 599),
                        "status code of the answer to a request above the limit"),
                 key<T>("table", &T::table, integer<std::uint32_t>(1024, most_keys),
                        "how many keys are remembered at once, 8 bytes each"),
                 key<T>("dry_run", &T::dry_run, boolean(),
                        "count what would be rejected, and reject nothing")},
        .finish = finish};
    return table;
}

}  // namespace uvoy::config
