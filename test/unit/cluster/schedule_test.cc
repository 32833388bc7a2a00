#include "cluster/schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

namespace uvoy::cluster {

namespace {

std::int64_t turns_of(const std::vector<std::uint16_t> &schedule, std::size_t position) {
    return std::ranges::count(schedule, static_cast<std::uint16_t>(position));
}

}  // namespace

TEST_CASE("a cycle is as short as the weights allow and evenly spread") {
    struct Case {
        std::vector<std::uint64_t> weights;
        std::vector<std::uint16_t> schedule;
    };
    const Case cases[] = {
        {{}, {}},
        {{7}, {0}},
        {{1, 1, 1}, {0, 1, 2}},
        {{5, 5}, {0, 1}},
        {{1, 2, 4}, {2, 1, 2, 0, 2, 1, 2}},
        {{2, 4, 8}, {2, 1, 2, 0, 2, 1, 2}},
        {{3, 1}, {0, 0, 1, 0}},
    };
    for (const Case &test : cases) CHECK(weighted_schedule(test.weights) == test.schedule);
}

TEST_CASE("weights are exact over a cycle") {
    const std::vector<std::uint64_t> weights{3, 5, 7, 11, 13, 100};
    const auto schedule = weighted_schedule(weights);
    REQUIRE(schedule.size() == 139);
    for (std::size_t i = 0; i < weights.size(); ++i) CHECK(turns_of(schedule, i) == weights[i]);
}

TEST_CASE("a long cycle is scaled down and leaves nobody out") {
    const std::vector<std::uint64_t> weights{1, 1'000'003, 2'000'003, UINT32_MAX};
    const auto schedule = weighted_schedule(weights);
    CHECK(schedule.size() <= schedule_limit + weights.size());
    CHECK(schedule.size() > schedule_limit - weights.size());
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const auto turns = static_cast<double>(turns_of(schedule, i));
        const double fair =
            static_cast<double>(weights[i]) / total * static_cast<double>(schedule_limit);
        CHECK(turns >= 1);
        CHECK(turns <= fair + 1);
        CHECK(turns >= fair - 1);
    }
}

}  // namespace uvoy::cluster
