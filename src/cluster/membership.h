#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cluster/endpoint.h"
#include "cluster/membership_ring.h"

namespace uvoy::cluster {

enum class Policy : std::uint8_t {
    ring_hash,      ///< by the request's hash; the same key goes to the same endpoint
    least_request,  ///< the less busy (requests in flight per weight) of two drawn by weight
    round_robin,    ///< in turn, by weight
    random,         ///< by weight
};

/// How a cluster distributes its requests.
struct Balancing {
    Policy policy = Policy::ring_hash;
    std::uint64_t hash_seed = 0;

    /// Panic: less than this share of the weight is healthy (Envoy's meaning, so at 50 it begins
    /// when more than half is out).  0 = never, and a cluster without healthy endpoints is dead.
    std::uint32_t panic_threshold_percent = 50;
};

/// The endpoints of a cluster, whatever their health.  Immutable; one is made at start, and again
/// when endpoints or weights change.
class Membership {
public:
    /// `endpoints[i]->index` is i; names are unique and weights at least 1.  May be empty.
    Membership(std::vector<std::shared_ptr<Endpoint>> endpoints, const Balancing &balancing);

    const std::vector<std::shared_ptr<Endpoint>> &endpoints() const { return endpoints_; }
    const Balancing &balancing() const { return balancing_; }

    /// Only for Policy::ring_hash, else null.
    const MembershipRing *ring() const { return ring_.get(); }

private:
    std::vector<std::shared_ptr<Endpoint>> endpoints_;
    Balancing balancing_;
    std::unique_ptr<const MembershipRing> ring_;
};

}  // namespace uvoy::cluster
