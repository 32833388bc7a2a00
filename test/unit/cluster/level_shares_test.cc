#include "cluster/level_shares.h"

#include <doctest/doctest.h>

#include <numeric>

namespace uvoy::cluster {

TEST_CASE("a level takes 1.4 times its serving share, and the rest spills over") {
    struct Case {
        std::vector<LevelWeight> levels;
        std::vector<double> percent;
        bool suffice;
    };
    constexpr std::uint64_t many = std::uint64_t{4096} * 65'535 * 64;
    const Case cases[] = {
        {{{10, 10}}, {100}, true},
        {{{1, 10}}, {100}, false},
        {{{0, 10}}, {0}, false},
        {{{10, 10}, {5, 5}}, {100, 0}, true},
        {{{72, 100}, {5, 5}}, {100, 0}, true},
        {{{50, 100}, {5, 5}}, {70, 30}, true},
        {{{25, 100}, {25, 100}, {25, 100}}, {35, 35, 30}, true},
        {{{25, 100}, {25, 100}}, {50, 50}, false},
        {{{0, 100}, {1, 100}}, {0, 100}, false},
        {{{0, 100}, {100, 100}}, {0, 100}, true},
        {{{0, 100}, {0, 100}}, {0, 0}, false},
        {{{many, many}, {5, 5}}, {100, 0}, true},
        {{{many / 2, many}, {many, many}}, {70, 30}, true},
        {{{1, many}}, {100}, false},
    };
    for (const Case &test : cases) {
        const auto shares = level_shares(test.levels);
        REQUIRE(shares.size() == test.percent.size());
        const std::uint64_t sum = std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
        CHECK((sum == all_requests || sum == 0));
        for (std::size_t i = 0; i < shares.size(); ++i) {
            CAPTURE(i);
            const double percent =
                100 * static_cast<double>(shares[i]) / static_cast<double>(all_requests);
            CHECK(percent == doctest::Approx(test.percent[i]).epsilon(0.06));
        }
        CHECK(levels_suffice(test.levels) == test.suffice);
    }
}

TEST_CASE("requests fall on levels by their shares") {
    const std::vector<std::uint64_t> shares{all_requests / 2, all_requests / 3, 0,
                                            all_requests - all_requests / 2 - all_requests / 3, 0};
    std::vector<int> hits(5);
    Random random{1};
    for (int i = 0; i < 60'000; ++i) ++hits[level_of(shares, random.next())];
    CHECK(hits[0] == doctest::Approx(30'000).epsilon(0.03));
    CHECK(hits[1] == doctest::Approx(20'000).epsilon(0.03));
    CHECK(hits[2] == 0);
    CHECK(hits[3] == doctest::Approx(10'000).epsilon(0.05));
    CHECK(hits[4] == 0);
}

TEST_CASE("as a level shrinks requests only leave it") {
    Random random{2};
    std::vector<std::uint64_t> draws;
    for (int i = 0; i < 2'000; ++i) draws.push_back(random.next());
    for (std::uint64_t serving = 10; serving > 0; --serving) {
        const auto before = level_shares(std::vector<LevelWeight>{{serving, 10}, {10, 10}});
        const auto after = level_shares(std::vector<LevelWeight>{{serving - 1, 10}, {10, 10}});
        int strayed = 0;
        for (const std::uint64_t draw : draws)
            if (level_of(before, draw) == 1 && level_of(after, draw) == 0) ++strayed;
        CHECK(strayed == 0);
    }
}

}  // namespace uvoy::cluster
