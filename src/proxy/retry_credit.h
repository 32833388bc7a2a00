#pragma once

#include <atomic>
#include <cstdint>

namespace uvoy::proxy {

/// Tells a cluster of which one endpoint is late from one that has too much to do as a whole, as
/// gRPC's retry throttling does (gRFC A6).  A try that timed out costs a piece of credit, an answer
/// in time earns `ratio` of a piece, and there are no more than `most`.  With more than half of it
/// left a retry after a time-out is a good idea: somebody else answers.  With less, most tries
/// are late wherever they go; a retry would only be more work for those who cannot do what they
/// have, and the cluster would stay as it is when the cause is long gone.
///
/// Shared by all workers.  Written by time-outs, and by answers only until all is earned back.
class RetryCredit {
public:
    static constexpr std::int64_t piece = 10'000;  ///< so that `ratio` is in basis points
    static constexpr std::int64_t most = 100 * piece;

    void spend() {
        if (credit_.load(std::memory_order_relaxed) > 0)
            credit_.fetch_sub(piece, std::memory_order_relaxed);
    }
    void earn(std::uint32_t ratio) {
        if (credit_.load(std::memory_order_relaxed) < most)
            credit_.fetch_add(ratio, std::memory_order_relaxed);
    }
    /// Whether the budget's share counts; its minimum always does.
    bool good() const { return credit_.load(std::memory_order_relaxed) > most / 2; }

private:
    std::atomic<std::int64_t> credit_{most};
};

}  // namespace uvoy::proxy
