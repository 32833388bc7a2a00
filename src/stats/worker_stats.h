#pragma once

#include "stats/fields.h"
#include "stats/request_index.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <vector>

namespace uvoy::stats {

/// Everything one worker counts.  Allocated once, written by that worker alone, read by the control
/// loop at any time.  Indices are those of the configuration.
class WorkerStats {
public:
    /// `process` goes on where another configuration left off; null: from nothing.
    explicit WorkerStats(const Dimensions &dimensions,
                         std::shared_ptr<ProcessFields<Live>> process = nullptr);

    WorkerStats(const WorkerStats &) = delete;
    WorkerStats &operator=(const WorkerStats &) = delete;

    using Listener = ListenerFields<Live>;
    using Cluster = ClusterFields<Live>;
    using Endpoint = EndpointFields<Live>;
    using Limit = LimitFields<Live>;
    using Process = ProcessFields<Live>;

    Listener &listener(std::size_t index) { return at(listeners_, index); }
    const Listener &listener(std::size_t index) const { return at(listeners_, index); }
    Cluster &cluster(std::size_t index) { return at(clusters_, index); }
    const Cluster &cluster(std::size_t index) const { return at(clusters_, index); }
    Endpoint &endpoint(std::size_t index) { return at(endpoints_, index); }
    const Endpoint &endpoint(std::size_t index) const { return at(endpoints_, index); }
    Limit &limit(std::size_t index) { return at(limits_, index); }
    const Limit &limit(std::size_t index) const { return at(limits_, index); }
    Process &process() { return *process_; }
    const Process &process() const { return *process_; }
    /// For the WorkerStats of the same worker under another configuration.
    const std::shared_ptr<Process> &shared_process() const { return process_; }

    /// `route` may be no_route; `method` is the number of an http::Method, `code` a code_class().
    Counter &requests(std::size_t listener, std::size_t route, std::size_t method,
                      std::size_t code) {
        return requests_in_slot(listener, request_index_.slot_of(route), method, code);
    }

    /// By slot, for the exporter, which goes over request_index().route_slots().
    Counter &requests_in_slot(std::size_t listener, std::size_t slot, std::size_t method,
                              std::size_t code) {
        const std::size_t index = request_index_.at(listener, slot, method, code);
        return at(requests_, index / counters_of_a_line).counters[index % counters_of_a_line];
    }
    const Counter &requests_in_slot(std::size_t listener, std::size_t slot, std::size_t method,
                                    std::size_t code) const {
        const std::size_t index = request_index_.at(listener, slot, method, code);
        return at(requests_, index / counters_of_a_line).counters[index % counters_of_a_line];
    }

    const RequestIndex &request_index() const { return request_index_; }
    const Dimensions &dimensions() const { return dimensions_; }

private:
    static constexpr std::size_t counters_of_a_line = 64 / sizeof(Counter);
    struct alignas(64) Line {
        std::array<Counter, counters_of_a_line> counters;
    };

    template <typename Array>
    static auto at(Array &array, std::size_t index) -> decltype(array[index]) {
        assert(index < array.size());
        return array[index];
    }

    Dimensions dimensions_;
    RequestIndex request_index_;
    std::vector<Listener> listeners_;
    std::vector<Cluster> clusters_;
    std::vector<Endpoint> endpoints_;
    std::vector<Limit> limits_;
    std::vector<Line> requests_;
    std::shared_ptr<Process> process_;
};

}  // namespace uvoy::stats
