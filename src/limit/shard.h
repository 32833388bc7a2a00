#pragma once

#include "base/time.h"
#include "limit/ledger.h"
#include "limit/policy.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvoy::limit {

/// One worker's view of a limit.  Small limits ask the ledger for every token.  For a generous one
/// (a sixteenth of its burst and a millisecond of its rate are both more than one token) a busy key
/// is given a lease: several tokens at once, twice as many each time one is used up, which the
/// worker then spends without touching shared memory.
///
/// Every token is taken from the ledger before it is spent, so that all workers together admit at
/// most burst + rate * t from the start, and in any window at most the tokens on lease more.  What
/// a lease has not used after `lease_time` goes back, when on_deadline() is called.
///
/// Of one thread; the ledger must outlive it.  Allocates in the constructor only.
class Shard {
public:
    static constexpr Duration lease_time = std::chrono::milliseconds{10};

    /// `slots`: keys that can hold a lease at a time; a key that finds its place taken does
    /// without.  Rounded up to a power of two.
    explicit Shard(Ledger &ledger, std::size_t slots = 1024);

    const Meter &meter() const { return ledger_.meter(); }

    /// Takes one token.
    Verdict admit(std::uint64_t key_hash, TimePoint now);

    /// What admit() would answer, without taking (`remaining` includes the token it would take).
    Verdict check(std::uint64_t key_hash, TimePoint now) const;

    /// Undoes an admit().
    void refund(std::uint64_t key_hash, TimePoint now);

    /// When the oldest lease ends; TimePoint::max() if none is held.
    TimePoint deadline() const;

    /// Returns what leases that have ended by `now` left over.
    void on_deadline(TimePoint now);

    /// Returns all leases; for a worker that stops or drops the limit.
    void release(TimePoint now);

    /// Most tokens that one lease may hold.
    std::uint32_t max_lease() const { return max_lease_; }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    struct Slot {
        std::uint64_t key = 0;
        std::uint64_t tat = 0;       ///< the ledger's when the lease was taken
        TimePoint expires{};         ///< of the lease, or of the memory of it
        std::uint32_t size = 1;      ///< of the lease when it was taken
        std::uint32_t tokens = 0;    ///< of it, unused; the slot is listed if there are any
        std::uint32_t older = none;  ///< list of leases by age
        std::uint32_t newer = none;
    };

    /// nullptr if the limit is too small for leases.
    Slot *slot_of(std::uint64_t key_hash);
    const Slot *slot_of(std::uint64_t key_hash) const;

    Verdict take_one(std::uint64_t key_hash, TimePoint now);
    Verdict spend(Slot &slot, TimePoint now);
    Verdict renew(Slot &slot, TimePoint now);
    void put_back(Slot &slot, TimePoint now);
    void link(Slot &slot);
    void unlink(Slot &slot);

    Ledger &ledger_;
    std::uint32_t max_lease_;
    std::vector<Slot> slots_;
    std::uint32_t oldest_ = none;
    std::uint32_t newest_ = none;
};

}  // namespace uvoy::limit
