#pragma once

#include "stats/fields.h"
#include "stats/merge.h"
#include "stats/request_index.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uvoy::stats {

/// For each object of a configuration the index of the one in the former configuration that it
/// goes on as; `endpoints` by number over all clusters.
struct Lineage {
    static constexpr std::size_t nobody = ~std::size_t{0};

    std::vector<std::size_t> listeners;
    std::vector<std::size_t> routes;
    std::vector<std::size_t> clusters;
    std::vector<std::size_t> endpoints;
    std::vector<std::size_t> limits;
};

/// What was counted of the objects of one configuration, over all workers and since the process
/// began: under this configuration, and under those before, for objects that were there already.
/// So no counter falls when another configuration is loaded, while requests that began with a
/// former one still end there.  Of the control loop.
class Totals {
public:
    /// What `workers` have does not count before start().
    explicit Totals(const Dimensions &dimensions);

    Totals(const Totals &) = delete;
    Totals &operator=(const Totals &) = delete;

    /// All of these dimensions.  Both outlive it.
    void start(Workers workers) { workers_ = workers; }

    /// Goes on from `former`, which lives until absorb().
    void follow(const Totals &former, Lineage lineage);
    /// Whose former one this is, or null.
    const Totals *former() const { return former_; }
    /// The one that it follows counts no more, and may be destroyed.
    void absorb();

    Workers workers() const { return workers_; }

    ListenerFields<Summed> listener(std::size_t index) const;
    ClusterFields<Summed> cluster(std::size_t index) const;
    EndpointFields<Summed> endpoint(std::size_t number) const;
    LimitFields<Summed> limit(std::size_t index) const;
    /// Workers have these in common for all configurations.
    ProcessFields<Summed> process() const { return sum_process(workers_); }

    const RequestIndex &request_index() const { return request_index_; }
    /// `slot` as in RequestIndex.
    std::uint64_t requests(std::size_t listener, std::size_t slot, std::size_t method,
                           std::size_t code) const;

    /// Another endpoint has this place now: what was counted there is not its own.
    void restart(std::size_t endpoint);

private:
    std::size_t former_slot(std::size_t slot) const;
    /// Without those of former_.
    std::uint64_t own_requests(std::size_t listener, std::size_t slot, std::size_t method,
                               std::size_t code) const;
    void absorb_requests();

    RequestIndex request_index_;
    Workers workers_;
    const Totals *former_ = nullptr;
    Lineage lineage_;
    // What the absorbed ones have left.
    std::vector<ListenerFields<Summed>> listeners_;
    std::vector<ClusterFields<Summed>> clusters_;
    std::vector<EndpointFields<Summed>> endpoints_;
    std::vector<LimitFields<Summed>> limits_;
    std::vector<std::uint64_t> requests_;  // empty: nothing was absorbed
};

}  // namespace uvoy::stats
