#include "stats/request_index.h"

#include <doctest/doctest.h>

#include <set>

namespace uvoy::stats {

TEST_CASE("every combination has a counter of its own") {
    const RequestIndex index{{.listeners = 3, .routes = 4}};
    CHECK_FALSE(index.folded());
    CHECK(index.route_slots() == 5);
    std::set<std::size_t> seen;
    for (std::size_t listener = 0; listener < 3; ++listener)
        for (std::size_t slot = 0; slot < index.route_slots(); ++slot)
            for (std::size_t method = 0; method < methods; ++method)
                for (std::size_t code = 0; code < code_classes; ++code)
                    seen.insert(index.at(listener, slot, method, code));
    CHECK(seen.size() == index.size());
    CHECK(*seen.rbegin() == index.size() - 1);
}

TEST_CASE("routes have slots in order, no route has the one behind them") {
    const RequestIndex index{{.listeners = 1, .routes = 2}};
    CHECK(index.slot_of(0) == 0);
    CHECK(index.slot_of(1) == 1);
    CHECK(index.slot_of(no_route) == index.none_slot());
    CHECK(index.none_slot() == 2);
}

TEST_CASE("routes beyond the cap share a slot") {
    for (const std::size_t listeners : {1u, 7u, 100u, 10'000u}) {
        CAPTURE(listeners);
        const RequestIndex index{{.listeners = listeners, .routes = 100'000}};
        CHECK(index.folded());
        CHECK(index.slot_of(99'999) == index.other_slot());
        CHECK(index.slot_of(99'998) == index.other_slot());
        CHECK(index.slot_of(no_route) != index.other_slot());
        CHECK(index.other_slot() == index.route_slots() - 1);
        if (listeners <= 100) {
            CHECK(index.size() <= RequestIndex::series_cap);
            CHECK(index.size() > RequestIndex::series_cap * 9 / 10);
            CHECK(index.slot_of(0) == 0);
        }
    }
}

TEST_CASE("as many routes as fit are not folded") {
    const std::size_t slots = RequestIndex::series_cap / (methods * code_classes);
    CHECK_FALSE(RequestIndex{{.listeners = 1, .routes = slots - 1}}.folded());
    CHECK(RequestIndex{{.listeners = 1, .routes = slots}}.folded());
}

TEST_CASE("the class of a status is its first digit") {
    CHECK(code_class(0) == 0);
    CHECK(code_class(99) == 0);
    CHECK(code_class(100) == 1);
    CHECK(code_class(204) == 2);
    CHECK(code_class(599) == 5);
    CHECK(code_class(600) == 0);
}

}  // namespace uvoy::stats
