#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "cluster/endpoint.h"
#include "cluster/membership_ring.h"

namespace uvoy::cluster {

enum class Policy : std::uint8_t {
    ring_hash,      ///< by the request's hash; the same key goes to the same endpoint
    maglev,         ///< the same on a ring whose shares are even more equal, and less stable
    least_request,  ///< the less busy (requests in flight per weight) of two drawn by weight
    peak_ewma,      ///< the same, where the time that answers take lately counts as well
    round_robin,    ///< in turn, by weight
    random,         ///< by weight
};

/// How a cluster distributes its requests.
struct Balancing {
    Policy policy = Policy::ring_hash;
    std::uint64_t hash_seed = 0;

    /// Panic: more than this share of the weight, in hundredths of a percent, is out.  10,000 =
    /// never, and a cluster without healthy endpoints is dead.
    std::uint32_t panic_threshold = 5'000;

    /// Of ring_hash and maglev: an endpoint with more than this part of its fair share of the
    /// requests in flight, in hundredths, is passed over.  0 = no bound; else at least 101.
    std::uint32_t bounded_load = 0;

    Duration slow_start{0};  ///< SlowStart's period; 0 = none

    friend bool operator==(const Balancing &, const Balancing &) = default;
};

/// The endpoints of a cluster, whatever their health.  Immutable; one is made at start, and again
/// when endpoints, weights or duties change: only those that are ready belong to a level.
class Membership {
public:
    /// `endpoints[i]->index` is i, or the place is empty: null.  Names are unique and weights at
    /// least 1.  `former`, if there is one, makes it cheaper: what did not change is known.
    Membership(std::vector<std::shared_ptr<Endpoint>> endpoints, const Balancing &balancing,
               const Membership *former = nullptr);

    /// By index; null where a place is empty.
    const std::vector<std::shared_ptr<Endpoint>> &endpoints() const { return endpoints_; }
    const Balancing &balancing() const { return balancing_; }

    /// The endpoints of one priority.
    struct Level {
        std::uint16_t priority;
        std::vector<std::uint16_t> indexes;          ///< at least one
        std::uint64_t weight;                        ///< of all of them
        std::unique_ptr<const MembershipRing> ring;  ///< null where requests have no hash
    };
    /// First priority first.
    const std::vector<Level> &levels() const { return levels_; }

    /// Whether the hash of a request decides where it goes.
    bool hashed() const {
        return balancing_.policy == Policy::ring_hash || balancing_.policy == Policy::maglev;
    }
    /// Equal where the rings of all levels are; 0 without rings.
    std::uint64_t fingerprint() const;

private:
    void add(const Endpoint &endpoint);
    const MembershipRing *ring_of(std::uint16_t priority) const;
    std::unique_ptr<const MembershipRing> make_ring(const Level &level,
                                                    const MembershipRing *former) const;

    std::vector<std::shared_ptr<Endpoint>> endpoints_;
    Balancing balancing_;
    std::vector<Level> levels_;
};

}  // namespace uvoy::cluster
