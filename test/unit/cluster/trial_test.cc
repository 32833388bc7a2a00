#include "cluster/trial.h"

#include <doctest/doctest.h>

#include <vector>

namespace uvoy::cluster {

namespace {

using namespace std::chrono_literals;
using Verdict = Trial::Verdict;

constexpr TimePoint start{1h};

Trial begun() {
    Trial trial;
    trial.begin(start);
    return trial;
}

}  // namespace

TEST_CASE("an endpoint on trial gets a 64th of its share, and the first answer ends it") {
    Trial trial;
    CHECK_FALSE(trial.under_way());
    trial.begin(start);
    CHECK(trial.under_way());
    CHECK(trial.share() == 16);
    CHECK(trial.look({}, start + 250ms) == Verdict::open);
    CHECK(trial.look({.answers = 1}, start + 500ms) == Verdict::passed);
    CHECK_FALSE(trial.under_way());
    CHECK(trial.share() == full_ramp);
}

TEST_CASE("without requests the part doubles each second until it is all") {
    Trial trial = begun();
    std::vector<int> shares;
    Verdict verdict = Verdict::open;
    for (int i = 1; verdict == Verdict::open && i < 100; ++i) {
        verdict = trial.look({}, start + i * 500ms);
        shares.push_back(trial.share());
    }
    CHECK(shares == std::vector{16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 512, 1024});
    CHECK(verdict == Verdict::passed);
    CHECK_FALSE(trial.under_way());
}

TEST_CASE("while a request waits the part stays, whatever waited before") {
    Trial trial = begun();
    for (int i = 0; i <= 100; ++i) trial.look({.in_flight = i == 0 ? 2u : 3u}, start + i * 1s);
    CHECK(trial.share() == 16);
    SUBCASE("those from before may stay for ever") {
        trial.look({.in_flight = 2}, start + 101s);
        CHECK(trial.share() == 32);
    }
    SUBCASE("they hide nothing once they are gone") {
        trial.look({.in_flight = 0}, start + 100s);
        for (int i = 1; i < 10; ++i) trial.look({.in_flight = 1}, start + 100s + i * 1s);
        CHECK(trial.share() == 16);
    }
}

TEST_CASE("requests from before that fail one after the other hide none that came after") {
    Trial trial = begun();
    CHECK(trial.look({.in_flight = 10}, start + 100ms) == Verdict::open);
    for (int i = 1; i <= 10; ++i) trial.look({.failed = 1, .in_flight = 10}, start + i * 1s);
    CHECK(trial.share() == 16);
    for (int i = 11; i < 20; ++i) trial.look({.in_flight = 1}, start + i * 1s);
    CHECK(trial.share() == 16);
}

TEST_CASE("who refuses connections is not tried more") {
    Trial trial = begun();
    for (int i = 1; i <= 10; ++i) CHECK(trial.look({.failed = 1}, start + i * 1s) == Verdict::open);
    CHECK(trial.share() == 16);
    trial.look({}, start + 11s);
    CHECK(trial.share() == 32);
}

TEST_CASE("errors are no proof, and three of them fail it") {
    Trial trial = begun();
    CHECK(trial.look({.answers = 2, .errors = 2, .failed = 2}, start + 1s) == Verdict::open);
    CHECK(trial.share() == 16);
    SUBCASE("a good answer ends it") {
        CHECK(trial.look({.answers = 5, .errors = 4, .failed = 4}, start + 2s) == Verdict::passed);
    }
    SUBCASE("one more fails it") {
        CHECK(trial.look({.answers = 1, .errors = 1, .failed = 1}, start + 2s) == Verdict::failed);
        CHECK(trial.under_way());
        CHECK(trial.share() == 16);
    }
    SUBCASE("the next trial begins anew") {
        trial.begin(start + 2s);
        CHECK(trial.look({.answers = 1, .errors = 1, .failed = 1}, start + 3s) == Verdict::open);
    }
}

}  // namespace uvoy::cluster
