#include "stats/totals.h"

#include <doctest/doctest.h>

#include <array>
#include <memory>

namespace uvoy::stats {

namespace {

constexpr std::size_t nobody = Lineage::nobody;
constexpr Dimensions dimensions{
    .listeners = 1, .routes = 2, .clusters = 2, .endpoints = 3, .limits = 1};

/// One worker's counters under one configuration, and their totals.
struct Counted {
    WorkerStats worker{dimensions};
    std::array<const WorkerStats *, 1> workers{&worker};
    Totals totals{dimensions};

    Counted() { totals.start(workers); }

    void count(std::uint64_t times) {
        worker.listener(0).connections_total.add(times);
        worker.cluster(0).reuses.add(times);
        worker.endpoint(0).answers.add(times);
        worker.limit(0).admitted.add(times);
        worker.requests(0, 0, 1, 2).add(times);
    }
};

/// Everything goes on as what it was, or as `first` says of the first of each.
Lineage all_alike(std::size_t first = 0) {
    return {.listeners = {first},
            .routes = {first, 1},
            .clusters = {first, 1},
            .endpoints = {first, 1, 2},
            .limits = {first}};
}

void check_all(const Totals &totals, std::uint64_t expected) {
    CHECK(totals.listener(0).connections_total == expected);
    CHECK(totals.cluster(0).reuses == expected);
    CHECK(totals.endpoint(0).answers == expected);
    CHECK(totals.limit(0).admitted == expected);
    CHECK(totals.requests(0, 0, 1, 2) == expected);
}

}  // namespace

TEST_CASE("counters go on when another configuration is loaded, and while the former one counts") {
    auto first = std::make_unique<Counted>();
    first->count(5);
    Counted second;
    second.totals.follow(first->totals, all_alike());
    check_all(second.totals, 5);
    second.count(2);
    first->count(1);
    check_all(second.totals, 8);
    second.totals.absorb();
    first.reset();
    check_all(second.totals, 8);
}

TEST_CASE("configurations end in any order") {
    for (const bool oldest_first : {true, false}) {
        CAPTURE(oldest_first);
        auto first = std::make_unique<Counted>();
        auto second = std::make_unique<Counted>();
        Counted third;
        second->totals.follow(first->totals, all_alike());
        third.totals.follow(second->totals, all_alike());
        first->count(1);
        second->count(10);
        third.count(100);
        if (oldest_first) {
            second->totals.absorb();
            first.reset();
            check_all(third.totals, 111);
            third.totals.absorb();
            second.reset();
        } else {
            third.totals.absorb();
            second.reset();
            first->count(1'000);
            check_all(third.totals, 1'111);
            third.totals.absorb();
            first.reset();
            third.count(1);
            check_all(third.totals, 1'112);
            continue;
        }
        check_all(third.totals, 111);
    }
}

TEST_CASE("what is new begins at nothing") {
    Counted first;
    first.count(5);
    Counted second;
    second.totals.follow(first.totals, all_alike(nobody));
    check_all(second.totals, 0);
    second.totals.absorb();
    second.count(3);
    check_all(second.totals, 3);
}

TEST_CASE("requests without a route go on, and routes are followed by name") {
    Counted first;
    first.worker.requests(0, no_route, 1, 4).add(7);
    first.worker.requests(0, 1, 1, 2).add(3);
    Counted second;
    Lineage lineage = all_alike();
    lineage.routes = {1, nobody};
    second.totals.follow(first.totals, lineage);
    const RequestIndex &index = second.totals.request_index();
    CHECK(second.totals.requests(0, index.none_slot(), 1, 4) == 7);
    CHECK(second.totals.requests(0, 0, 1, 2) == 3);
    CHECK(second.totals.requests(0, 1, 1, 2) == 0);
    second.totals.absorb();
    CHECK(second.totals.requests(0, index.none_slot(), 1, 4) == 7);
    CHECK(second.totals.requests(0, 0, 1, 2) == 3);
    CHECK(second.totals.requests(0, 1, 1, 2) == 0);
}

TEST_CASE("another endpoint at a place begins at nothing") {
    Counted first;
    first.count(5);
    Counted second;
    second.totals.follow(first.totals, all_alike());
    second.count(1);
    second.totals.restart(0);
    CHECK(second.totals.endpoint(0).answers == 0);
    second.count(4);
    first.count(1);  // of the one that was there before
    CHECK(second.totals.endpoint(0).answers == 4);
    second.totals.absorb();
    CHECK(second.totals.endpoint(0).answers == 4);
}

}  // namespace uvoy::stats
