#include "cluster/peak_ewma.h"

namespace uvoy::cluster {

/// Ticks since the word was written.
std::uint64_t PeakEwma::elapsed(std::uint64_t word, std::uint64_t now) {
    // Another worker's loop may be a little ahead of ours.
    constexpr std::uint64_t most_ahead = 1'024;
    const std::uint64_t since = (now - (word >> value_bits)) & stamp_mask;
    return since > stamp_mask - most_ahead ? 0 : since;
}

/// exp(-t / 10 s) in integers.
std::uint64_t PeakEwma::decayed(std::uint64_t value, std::uint64_t ticks) {
    // 10 s x ln 2, to the nearest tick.
    constexpr std::uint64_t half_life = (6'931'471'806 + (1U << (tick_bits - 1))) >> tick_bits;
    const std::uint64_t halvings = ticks / half_life;
    if (halvings >= value_bits) return 0;
    // 2^-x between 0 and 1, within 0.8 %: the parabola 1 - a x + (a - 1/2) x^2 with a = ln 2, whose
    // slope is the right one at 0, so that many small steps add up to a large one.  In 2^-20.
    constexpr unsigned bits = 20;
    constexpr std::uint64_t one = std::uint64_t{1} << bits;
    constexpr std::uint64_t a = 726'817;
    constexpr std::uint64_t b = a - one / 2;
    const std::uint64_t x = ((ticks % half_life) << bits) / half_life;
    const std::uint64_t kept = one - ((x * (a - ((b * x) >> bits))) >> bits);
    return ((value >> halvings) * kept) >> bits;
}

/// The word after an observation.
std::uint64_t PeakEwma::merged(std::uint64_t word, Duration observed, std::uint64_t now) {
    const Duration bounded = std::clamp(observed, Duration{1}, longest);
    const auto latency = static_cast<std::uint64_t>(bounded.count());
    const std::uint64_t value = word & value_mask;
    // Several of one tick: the longest counts.
    const std::uint64_t since = elapsed(word, now);
    if (latency <= value && since == 0) return word;
    const std::uint64_t next =
        latency > value ? latency : latency + decayed(value - latency, since);
    return ((now & stamp_mask) << value_bits) | next;
}

}  // namespace uvoy::cluster
