#pragma once

#include "base/time.h"
#include "limit/meter.h"
#include "limit/policy.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace uvoy::limit {

/// The buckets of one limit, shared by all workers: a generic cell rate algorithm (GCRA) clock per
/// key, one 64-bit word each (20 bits of tag, 44 of theoretical arrival time), eight words to a
/// cache line.  A word in the past equals no word, so nothing is ever cleaned up or allocated.
/// A taken token costs one compare-and-swap, a rejection plain loads.
///
/// Any thread may call anything.  `now` is monotonic; a thread whose clock lags sees fewer tokens,
/// never more.  Two keys share a bucket if set and tag agree (1 in 131,000 for a full set).
/// Two threads that bring the same new key at the same instant agree on the place it gets unless
/// a neighbour changes in between; the cost of that is one more burst, once.
class Ledger {
public:
    /// Room for `keys` keys, rounded up to a power of two of sets of eight.
    Ledger(const Policy &policy, std::size_t keys);

    Ledger(const Ledger &) = delete;
    Ledger &operator=(const Ledger &) = delete;

    struct Grant {
        std::uint32_t tokens = 0;  ///< 0 .. wanted
        std::uint64_t tat = 0;     ///< of the bucket after the grant, in the meter's ticks
        std::uint64_t debt = 0;    ///< the same relative to `now`, zero for a full bucket
    };

    /// Takes up to `wanted` (at least 1) tokens of the key, as many as there are.
    Grant take(std::uint64_t key_hash, std::uint32_t wanted, TimePoint now);

    /// What take() would find, without taking: a Grant of no tokens.
    Grant peek(std::uint64_t key_hash, TimePoint now) const;

    /// Returns tokens that were taken and not used.  A bucket never holds more than its burst.
    void give_back(std::uint64_t key_hash, std::uint32_t tokens, TimePoint now);

    const Meter &meter() const { return meter_; }
    std::size_t capacity() const { return (set_mask_ + 1) * ways; }
    /// Bytes of all buckets, allocated by the constructor.
    std::size_t memory() const { return (set_mask_ + 1) * sizeof(Set); }

    /// How often a full set made a key lose its (least spent) bucket: the table is too small.
    std::uint64_t live_evictions() const { return live_evictions_.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t ways = 8;
    struct alignas(64) Set {
        std::atomic<std::uint64_t> words[ways];
    };
    struct Place;
    struct FreeSets {
        std::align_val_t alignment;
        void operator()(Set *sets) const { ::operator delete[](sets, alignment); }
    };
    using Sets = std::unique_ptr<Set[], FreeSets>;

    static Sets make_sets(std::size_t count);

    Set &set_of(std::uint64_t key_hash) const { return sets_[key_hash & set_mask_]; }
    Place find(Set &set, std::uint64_t tag, std::uint64_t now) const;

    Meter meter_;
    std::size_t set_mask_;
    Sets sets_;
    std::atomic<std::uint64_t> live_evictions_{0};
};

}  // namespace uvoy::limit
