#include "limit/meter.h"

#include <algorithm>
#include <cassert>

namespace uvoy::limit {

namespace {

/// Answers name no longer waits; also keeps `now + wait` far from overflow.
constexpr Duration longest_wait = std::chrono::hours{24 * 365 * 100};

/// Half of the tick range each for the burst and for the clocks' difference.
constexpr std::uint64_t half_range = std::uint64_t{1} << (Meter::tick_bits - 2);

constexpr Duration clock_difference = std::chrono::seconds{10};

}  // namespace

Meter::Meter(const Policy &policy)
    : policy_{policy}, shift_{64}, capacity_{policy.burst * ticks_per_token} {
    assert(policy.tokens >= 1 && policy.period > Duration::zero() && policy.burst >= 1);
    const auto period = static_cast<Wide>(policy.period.count());
    const auto scaled = [&] {
        // Rounded up, so that duration() is never a tick short.
        return (((Wide{policy.tokens} * ticks_per_token) << shift_) + period - 1) / period;
    };
    while (scaled() >> 64 != 0) --shift_;
    ticks_per_nanosecond_ = static_cast<std::uint64_t>(scaled());

    const Wide slack =
        (Wide{static_cast<std::uint64_t>(clock_difference.count())} * ticks_per_nanosecond_) >>
        shift_;
    believable_ = capacity_ +
                  static_cast<std::uint64_t>(std::clamp<Wide>(slack, ticks_per_token, half_range));
}

Duration Meter::duration(std::uint64_t ticks) const {
    const Wide divisor = Wide{policy_.tokens} * ticks_per_token;
    const Wide product = Wide{ticks} * static_cast<std::uint64_t>(policy_.period.count());
    const Wide nanoseconds = (product + divisor - 1) / divisor;
    if (nanoseconds >= static_cast<std::uint64_t>(longest_wait.count())) return longest_wait;
    return Duration{static_cast<Duration::rep>(nanoseconds)};
}

Duration Meter::retry_after(const Verdict &verdict) const {
    if (verdict.remaining > 0) return Duration::zero();
    return duration(verdict.debt + ticks_per_token - capacity_);
}

}  // namespace uvoy::limit
