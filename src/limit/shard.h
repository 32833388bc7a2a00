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

    /// Takes one token.
    Verdict admit(std::uint64_t key_hash, TimePoint now);

    /// What admit() would answer, without taking (`remaining` includes the token it would take).
    /// With several limits on a request: check() all, then admit() all, and refund() those already
    /// taken if another worker was faster at one of the rest.
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

    /// A slot without tokens still remembers how busy its key was (`next_lease`).
    struct Slot {
        std::uint64_t key = 0;
        std::uint64_t tat = 0;         ///< the ledger's, as of the lease
        TimePoint expires{};           ///< of the lease, or of the memory of it
        std::uint32_t tokens = 0;      ///< leased and unused; listed below if any
        std::uint32_t next_lease = 1;  ///< size of the next lease
        std::uint32_t older = none;    ///< list of held leases, by age
        std::uint32_t newer = none;
    };

    Slot &slot_of(std::uint64_t key_hash);
    Verdict spend(Slot &slot, TimePoint now);
    Verdict renew(Slot &slot, TimePoint now);
    Verdict take_one(std::uint64_t key_hash, TimePoint now);
    void link(Slot &slot);
    void unlink(Slot &slot);
    void return_oldest(TimePoint now);

    Ledger &ledger_;
    std::uint32_t max_lease_;
    std::vector<Slot> slots_;
    std::uint32_t oldest_ = none;
    std::uint32_t newest_ = none;
};

}  // namespace uvoy::limit
