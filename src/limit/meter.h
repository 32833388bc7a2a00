#pragma once

#include "base/time.h"
#include "limit/policy.h"

#include <algorithm>
#include <cstdint>

namespace uvoy::limit {

/// The arithmetic of one policy.  Time is counted in ticks of 1/1024 token, so that a token costs
/// exactly 1024 ticks at any rate and nothing drifts: the rate is exact to 10^-8 from one token a
/// day to 10^9 a second, a single admission to 0.1 % of a token.
///
/// A tick count is kept in 44 bits and wraps (after 2^34 tokens' time: ten days at 20,000/s, five
/// years at 100/s).  A theoretical arrival time (TAT) that lies further ahead than a bucket can
/// owe is one from before the wrap and counts as past.
class Meter {
    __extension__ using Wide = unsigned __int128;

public:
    static constexpr unsigned tick_bits = 44;
    static constexpr std::uint64_t tick_mask = (std::uint64_t{1} << tick_bits) - 1;
    static constexpr std::uint64_t ticks_per_token = 1024;

    explicit Meter(const Policy &policy);

    const Policy &policy() const { return policy_; }

    /// `now` must not lie before the clock's epoch.
    std::uint64_t ticks(TimePoint now) const {
        const auto nanoseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
        return static_cast<std::uint64_t>((Wide{nanoseconds} * ticks_per_nanosecond_) >> shift_) &
               tick_mask;
    }

    /// How long `ticks` take, rounded up: a clock that is moved by it sees all of them.
    Duration duration(std::uint64_t ticks) const;

    /// What the bucket owes: ticks from `now` to `tat`, zero if that is past.  Clocks of two
    /// workers may differ: up to 10 s beyond the burst are believed.
    std::uint64_t debt(std::uint64_t tat, std::uint64_t now) const {
        const std::uint64_t ahead = (tat - now) & tick_mask;
        return ahead <= believable_ ? ahead : 0;
    }

    /// Whole tokens that a bucket with this debt can give.
    std::uint32_t available(std::uint64_t debt) const {
        return debt >= capacity_ ? 0
                                 : static_cast<std::uint32_t>((capacity_ - debt) / ticks_per_token);
    }

    /// Debt and `held`, tokens that were paid for and not yet used, in the words of an answer.
    Verdict verdict(bool admitted, std::uint64_t debt, std::uint32_t held) const {
        const std::uint64_t owed = debt - std::min(debt, held * ticks_per_token);
        return {.admitted = admitted, .remaining = available(owed), .debt = owed};
    }

    /// How long until there is a token; zero if there is one.  It divides, so whoever is admitted
    /// does without.
    Duration retry_after(const Verdict &verdict) const;

private:
    Policy policy_;
    std::uint64_t ticks_per_nanosecond_;  ///< fixed point, `shift_` binary places
    unsigned shift_;
    std::uint64_t capacity_;  ///< the burst, in ticks
    std::uint64_t believable_;
};

}  // namespace uvoy::limit
