#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "cluster/endpoint_state.h"
#include "cluster/membership.h"
#include "cluster/published_ring.h"

namespace uvoy::cluster {

/// What a pick depends on, besides the snapshot.  All of it is the calling worker's own.
struct PickInput {
    std::uint64_t hash;                    ///< of the request's hash key; for rings
    Random &random;                        ///< for policies without a hash
    std::uint32_t &cursor;                 ///< round_robin's place, one for each cluster; start it
                                           ///< at a random number, or workers go in step
    std::span<const std::uint16_t> tried;  ///< endpoints this request was at already; few
    TimePoint now{};                       ///< for peak_ewma
};

/// A cluster as workers see it until the next change of health or membership.  Immutable.  Any
/// thread may pick; nothing is allocated or written but the caller's `random` and `cursor`.
class Snapshot {
public:
    /// `states` has one entry for each endpoint; those of empty places mean nothing.
    Snapshot(std::shared_ptr<const Membership> membership, std::vector<EndpointState> states);

    /// Index of the endpoint to send a request to; `no_endpoint` if none is eligible.  Eligible are
    /// the healthy ones; in a panic, all.  One that was tried is only picked when every eligible
    /// one was.  In a panic a first try ignores health, so that keys stay where they are, and what
    /// follows prefers healthy endpoints.
    std::uint16_t pick(const PickInput &input) const {
        // Nearly always: a ring without bounds, and nothing was tried.
        if (ring_ && !load_ && input.tried.empty()) return ring_->pick(input.hash);
        return pick_with_care(input);
    }

    const Membership &membership() const { return *membership_; }
    const std::shared_ptr<Endpoint> &endpoint(std::uint16_t index) const {
        return membership_->endpoints()[index];
    }

    bool healthy(std::uint16_t index) const { return states_[index].healthy; }
    const EndpointState &state(std::uint16_t index) const { return states_[index]; }
    /// What part of its share the endpoint takes, in 1/1024; 0: none.
    std::uint16_t ramp(std::uint16_t index) const { return ramps_[index]; }
    std::size_t healthy_count() const { return healthy_count_; }

    /// Too much of the weight is out (Balancing::panic_threshold): ejection stops.
    bool panic() const { return panic_; }

    /// Null where requests have no hash.
    const PublishedRing *ring() const { return ring_.get(); }

    /// What part of the requests each of Membership::levels() takes: level_shares().
    std::span<const std::uint64_t> shares() const { return shares_; }

    /// The level of a hash; only where requests have one.
    std::size_t level_of_hash(std::uint64_t hash) const;

    /// Whether Balancing::bounded_load passes the endpoint over at this moment.
    bool over_bound(std::uint16_t index) const;

    /// Share of the keys (0..1) that `previous` sent to another endpoint, by name; 0 without rings.
    double moved_ratio(const Snapshot &previous) const;

private:
    /// What serves of one of Membership::levels(), for policies without a hash.
    struct Level {
        std::vector<std::uint16_t> eligible;
        std::vector<std::uint16_t> schedule;  // of eligible indexes, by share
    };

    void judge();
    void weigh();
    bool relies_on_proven(const Membership::Level &level) const;
    void bound();
    std::uint64_t share(std::uint16_t index) const;

    std::uint16_t pick_with_care(const PickInput &input) const;
    std::uint16_t pick_untried(const PickInput &input) const;
    std::uint16_t pick_from_ring(const PickInput &input) const;
    std::uint16_t pick_in_turn(const PickInput &input) const;
    std::uint16_t pick_in_level(const Level &level, const PickInput &input) const;
    std::uint16_t pick_of_two(const Level &level, const PickInput &input) const;
    bool better(std::uint16_t index, std::uint16_t other, TimePoint now) const;
    std::uint16_t pick_healthy(const PickInput &input) const;

    std::shared_ptr<const Membership> membership_;
    std::vector<EndpointState> states_;
    std::size_t healthy_count_ = 0;
    bool panic_ = false;
    std::vector<std::uint16_t> ramps_;   // by index; 0: not eligible
    std::vector<std::uint64_t> shares_;  // by level
    bool served_ = false;                // somebody is eligible
    std::vector<Level> levels_;
    std::unique_ptr<const PublishedRing> ring_;
    std::shared_ptr<const ClusterLoad> load_;  // null: no bound
    std::vector<double> bounds_;               // part of the cluster's requests in flight, by index
};

}  // namespace uvoy::cluster
