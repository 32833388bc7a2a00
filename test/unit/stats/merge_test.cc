#include "stats/merge.h"

#include <doctest/doctest.h>

#include <array>
#include <memory>

namespace uvoy::stats {

using namespace std::chrono_literals;

static const Dimensions dimensions{
    .listeners = 2, .routes = 3, .clusters = 2, .endpoints = 4, .limits = 2};

/// Two workers; the second counts ten times what the first does.
struct Pair {
    std::unique_ptr<WorkerStats> first = std::make_unique<WorkerStats>(dimensions);
    std::unique_ptr<WorkerStats> second = std::make_unique<WorkerStats>(dimensions);
    std::array<const WorkerStats *, 2> workers{first.get(), second.get()};
};

/// Gives each field of a struct a number of its own: start, start + 1, ...
struct Number {
    std::uint64_t &next;
    std::uint64_t factor;

    void operator()(Counter &counter) const { counter.add(next++ * factor); }
    void operator()(Gauge &gauge) const { gauge.add(static_cast<std::int64_t>(next++ * factor)); }
    void operator()(Histogram &histogram) const {
        histogram.observe(Duration{static_cast<std::int64_t>(next++ * factor)});
    }
};

struct Expect {
    std::uint64_t &next;

    void operator()(std::uint64_t sum) const { CHECK(sum == next++ * 11); }
    void operator()(std::int64_t sum) const {
        CHECK(sum == static_cast<std::int64_t>(next++ * 11));
    }
    void operator()(const HistogramValue &sum) const {
        CHECK(sum.count() == 2);
        CHECK(sum.sum_nanoseconds == next++ * 11);
    }
};

/// Fills struct number 1 of both workers, and checks each field of the sum; then that the fields
/// visited are all there are.
template <template <typename> typename Fields, typename Of, typename Sum>
static void check_sum(Of of, Sum sum) {
    Pair pair;
    std::uint64_t next = 1;
    Fields<Live>::each(Number{next, 1}, of(*pair.first));
    const std::uint64_t fields = next;
    next = 1;
    Fields<Live>::each(Number{next, 10}, of(*pair.second));
    const Fields<Summed> total = sum(pair.workers);
    next = 1;
    Fields<Summed>::each(Expect{next}, total);
    CHECK(next == fields);
}

TEST_CASE("every field of every struct is summed over the workers") {
    check_sum<ListenerFields>(
        [](WorkerStats & worker) -> auto & { return worker.listener(1); },
        [](Workers workers) { return sum_listener(workers, 1); });
    check_sum<ClusterFields>(
        [](WorkerStats & worker) -> auto & { return worker.cluster(1); },
        [](Workers workers) { return sum_cluster(workers, 1); });
    check_sum<EndpointFields>(
        [](WorkerStats & worker) -> auto & { return worker.endpoint(3); },
        [](Workers workers) { return sum_endpoint(workers, 3); });
    check_sum<LimitFields>(
        [](WorkerStats & worker) -> auto & { return worker.limit(1); },
        [](Workers workers) { return sum_limit(workers, 1); });
    check_sum<ProcessFields>(
        [](WorkerStats & worker) -> auto & { return worker.process(); },
        [](Workers workers) { return sum_process(workers); });
}

TEST_CASE("an index counts for itself only") {
    Pair pair;
    pair.first->endpoint(2).requests[code_class(200)].add();
    pair.second->endpoint(2).failures[Reason::connect_refused].add(3);
    CHECK(sum_endpoint(pair.workers, 2).requests[2] == 1);
    CHECK(sum_endpoint(pair.workers, 2).failures[Reason::connect_refused] == 3);
    for (const std::size_t other : {0u, 1u, 3u}) {
        CHECK(sum_endpoint(pair.workers, other).requests[2] == 0);
        CHECK(sum_endpoint(pair.workers, other).failures[Reason::connect_refused] == 0);
    }
}

TEST_CASE("requests are counted by listener, route, method and code") {
    Pair pair;
    pair.first->requests(1, 2, 9, 5).add(7);
    pair.second->requests(1, 2, 9, 5).add(1);
    pair.second->requests(0, no_route, 0, code_class(404)).add(2);
    const RequestIndex &index = pair.first->request_index();
    CHECK(sum_requests(pair.workers, 1, index.slot_of(2), 9, 5) == 8);
    CHECK(sum_requests(pair.workers, 0, index.none_slot(), 0, 4) == 2);
    std::uint64_t all = 0;
    for (std::size_t listener = 0; listener < 2; ++listener)
        for (std::size_t slot = 0; slot < index.route_slots(); ++slot)
            for (std::size_t method = 0; method < methods; ++method)
                for (std::size_t code = 0; code < code_classes; ++code)
                    all += sum_requests(pair.workers, listener, slot, method, code);
    CHECK(all == 10);
}

TEST_CASE("a gauge that rises on one worker and falls on another sums to zero") {
    Pair pair;
    pair.first->listener(0).connections_active.add();
    pair.second->listener(0).connections_active.subtract();
    CHECK(sum_listener(pair.workers, 0).connections_active == 0);
}

TEST_CASE("what two workers write shares no cache line") {
    const WorkerStats stats{dimensions};
    const auto line = [](const auto &object) {
        return reinterpret_cast<std::uintptr_t>(&object) % 64;
    };
    CHECK(line(stats.listener(0)) == 0);
    CHECK(line(stats.cluster(0)) == 0);
    CHECK(line(stats.endpoint(0)) == 0);
    CHECK(line(stats.limit(0)) == 0);
    CHECK(line(stats.process()) == 0);
    CHECK(line(stats.requests_in_slot(0, 0, 0, 0)) == 0);
}

}  // namespace uvoy::stats
