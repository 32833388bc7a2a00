#include "cluster/health.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace uvoy::cluster {

namespace {

using std::chrono::milliseconds;

constexpr TimePoint start{std::chrono::hours{5}};

/// Runs every check at the moment it is due.
struct Bench {
    explicit Bench(const HealthSettings &settings = {}) : health{settings, start} {}

    bool check(bool ok) {
        now = std::max(now, health.next_check());
        return health.on_check_result({.ok = ok, .detail = ok ? "" : "connect_refused"}, now,
                                      random);
    }

    Duration until_check() const { return health.next_check() - now; }

    Random random{4};
    TimePoint now = start;
    Health health;
};

}  // namespace

TEST_CASE("an endpoint is healthy before its first check, which is due at once") {
    const Bench bench;
    CHECK(bench.health.healthy());
    CHECK(bench.health.next_check() == start);
    CHECK(bench.health.since() == start);
    CHECK(bench.health.explanation() == "assumed at the start, no check said otherwise");
}

TEST_CASE("enough results in a row decide, others do not") {
    struct Case {
        std::uint32_t healthy_after, unhealthy_after;
        std::string checks;  // + passed, - failed, . a failure of real traffic
        std::string states;  // after each: H healthy, F healthy in fast mode, u unhealthy
    };
    const Case cases[] = {
        {2, 2, "++++", "HHHH"},
        {2, 2, "--", "Fu"},
        {2, 2, "+--", "HFu"},
        {2, 2, "-+-+-+", "FFFFFF"},  // flapping decides nothing, and keeps looking closely
        {2, 2, "-++", "FFH"},
        {2, 2, "--++", "FuuH"},
        {2, 2, "--+-+-++-", "FuuuuuuHF"},
        {1, 1, "-+-+", "uHuH"},
        {1, 3, "--+--+---", "FFHFFHFFu"},
        {3, 1, "-+++", "uuuH"},
        {2, 2, ".++", "FFH"},
        {2, 2, ".--", "FFu"},
        {2, 2, "+.++", "HFFH"},        // the check before the failure does not count
        {2, 2, ".....", "FFFFF"},      // traffic alone decides nothing
        {2, 2, "--..+.+", "FuuuuuH"},  // nor does it keep an endpoint out
    };
    for (const Case &test : cases) {
        CAPTURE(test.checks);
        Bench bench{{.healthy_after = test.healthy_after,
                     .unhealthy_after = test.unhealthy_after,
                     .backoff = {.first = {}, .longest = {}}}};
        std::string states;
        for (const char step : test.checks) {
            const bool was_healthy = bench.health.healthy();
            bool changed = false;
            if (step == '.') bench.health.on_passive_failure(bench.now);
            else changed = bench.check(step == '+');
            CHECK(changed == (bench.health.healthy() != was_healthy));
            states += !bench.health.healthy() ? 'u' : bench.health.fast() ? 'F' : 'H';
        }
        CHECK(states == test.states);
    }
}

TEST_CASE("checks come every interval, give or take a tenth") {
    Bench bench;
    Duration least = Duration::max();
    Duration most{};
    for (int i = 0; i < 1'000; ++i) {
        bench.check(true);
        least = std::min(least, bench.until_check());
        most = std::max(most, bench.until_check());
    }
    CHECK(least >= milliseconds{900});
    CHECK(least < milliseconds{910});
    CHECK(most <= milliseconds{1100});
    CHECK(most > milliseconds{1090});
}

TEST_CASE("a failed check starts fast mode until enough passed or failed") {
    Bench bench{{.healthy_after = 3, .unhealthy_after = 3}};
    for (const bool decided : {false, true}) {
        CAPTURE(decided);
        bench.check(false);
        CHECK(bench.until_check() == milliseconds{100});
        bench.check(decided);
        CHECK(bench.until_check() == milliseconds{100});
        bench.check(decided);
        if (decided) bench.check(true);
        CHECK(bench.until_check() >= milliseconds{900});
        CHECK(bench.health.healthy() == decided);
        while (!bench.health.healthy()) bench.check(true);
    }
}

TEST_CASE("an unhealthy endpoint is checked at the common pace until a check passes") {
    Bench bench{{.healthy_after = 3}};
    bench.check(false);
    bench.check(false);
    for (const bool ok : {false, false, true, true, false, true, false}) {
        bench.check(ok);
        bench.health.on_passive_failure(bench.now);  // in a panic it still has traffic
        if (ok) CHECK(bench.until_check() == milliseconds{100});
        else CHECK(bench.until_check() >= milliseconds{900});
        CHECK_FALSE(bench.health.healthy());
    }
    for (int i = 0; i < 3; ++i) bench.check(true);
    CHECK(bench.health.healthy());
    CHECK(bench.until_check() >= milliseconds{900});
}

TEST_CASE("a failure of real traffic has the endpoint out after two checks at most 100 ms apart") {
    Bench bench;
    bench.check(true);
    const TimePoint failure = bench.now + milliseconds{400};
    bench.now = failure;
    bench.health.on_passive_failure(failure);
    CHECK(bench.health.next_check() == failure);
    bench.check(false);
    CHECK(bench.until_check() == milliseconds{100});
    bench.check(false);
    CHECK_FALSE(bench.health.healthy());
    CHECK(bench.health.since() == failure + milliseconds{100});
}

TEST_CASE("failures of real traffic that checks do not confirm make ten checks a second at most") {
    Bench bench;
    bench.check(true);
    int checks = 0;
    for (const TimePoint end = start + std::chrono::seconds{10}; bench.now < end;
         bench.now += milliseconds{1}) {
        bench.health.on_passive_failure(bench.now);
        if (bench.health.next_check() > bench.now) continue;
        bench.check(true);
        ++checks;
    }
    CHECK(checks <= 100);
    CHECK(checks >= 99);
    CHECK(bench.health.healthy());
}

TEST_CASE("fast mode is never slower than the interval") {
    Bench bench{{.interval = milliseconds{30}}};
    bench.check(false);
    CHECK(bench.until_check() == milliseconds{30});
}

TEST_CASE("a failure that finds a check due earlier does not put it off") {
    Bench bench;
    bench.health.on_passive_failure(start + milliseconds{1});
    CHECK(bench.health.next_check() == start);
}

TEST_CASE("the last change is explained in words") {
    Bench bench{{.healthy_after = 1}};
    bench.check(false);
    bench.check(false);
    const TimePoint out = bench.now;
    CHECK(bench.health.cause() == EjectionCause::health_check);
    CHECK(bench.health.explanation() == "2 checks failed: connect_refused");
    bench.check(false);
    CHECK(bench.health.since() == out);
    CHECK(bench.health.explanation() == "2 checks failed: connect_refused");
    bench.check(true);
    CHECK(bench.health.explanation() == "1 check passed");
    CHECK(bench.health.since() == bench.now);
}

TEST_CASE("traffic takes an endpoint out for its time, whatever checks say meanwhile") {
    Bench bench;
    bench.check(true);
    const TimePoint out = bench.now;
    bench.health.eject(EjectionCause::consecutive_failures, "5 tries failed in a row", out);
    CHECK_FALSE(bench.health.healthy());
    CHECK(bench.health.ejected_by_traffic());
    CHECK(bench.health.cause() == EjectionCause::consecutive_failures);
    CHECK(bench.health.since() == out);
    while (bench.health.next_check() < out + std::chrono::seconds{5})
        CHECK_FALSE(bench.check(true));
    CHECK(bench.health.explanation() == "5 tries failed in a row");

    CHECK(bench.health.back_at() == out + std::chrono::seconds{5});
    CHECK_FALSE(bench.health.on_time(out + milliseconds{4999}));
    CHECK(bench.health.on_time(out + milliseconds{5000}));
    CHECK(bench.health.healthy());
    CHECK_FALSE(bench.health.ejected_by_traffic());
    CHECK_FALSE(bench.health.back_at());
    CHECK(bench.health.explanation() == "its time out is over, on trial");
    CHECK(bench.health.on_trial());
    CHECK(bench.health.trial_share() == Trial::first_share);
    using Verdict = Trial::Verdict;
    CHECK(bench.health.on_sight({.answers = 1}, out + milliseconds{5100}) == Verdict::passed);
    CHECK_FALSE(bench.health.on_trial());
    CHECK(bench.health.trial_share() == full_ramp);
    CHECK(bench.health.explanation() == "it answered on trial");
}

TEST_CASE("an ejection of an endpoint on trial is longer, and so is its next trial's") {
    Bench bench{{.checks = false}};
    TimePoint now = bench.now;
    for (const int seconds : {5, 10, 20}) {
        bench.health.eject(EjectionCause::consecutive_failures, "", now);
        CHECK_FALSE(bench.health.on_trial());
        CHECK(bench.health.back_at() == now + std::chrono::seconds{seconds});
        now += std::chrono::seconds{seconds};
        CHECK(bench.health.on_time(now));
        CHECK(bench.health.on_trial());
        now += milliseconds{500};
    }
}

TEST_CASE("what is taken back on trial is on trial again") {
    Bench bench{{.checks = false}};
    bench.health.eject(EjectionCause::consecutive_failures, "", bench.now);
    const TimePoint back = bench.now + std::chrono::seconds{5};
    CHECK(bench.health.on_time(back));
    bench.health.eject(EjectionCause::consecutive_failures, "", back);
    bench.health.pardon("", back);
    CHECK(bench.health.on_trial());
}

TEST_CASE("an endpoint that only checks took out is on no trial") {
    Bench bench;
    for (const bool ok : {false, false, true, true}) bench.check(ok);
    CHECK(bench.health.healthy());
    CHECK_FALSE(bench.health.on_trial());
}

TEST_CASE("an ejection by traffic goes on until checks that failed meanwhile pass") {
    Bench bench;
    bench.check(true);
    const TimePoint out = bench.now;
    bench.health.eject(EjectionCause::failure_ratio, "30 of 40 tries failed", out);
    CHECK_FALSE(bench.check(false));
    CHECK_FALSE(bench.check(false));
    CHECK_FALSE(bench.health.checks_good());
    CHECK_FALSE(bench.health.back_at());
    CHECK(bench.health.explanation() == "30 of 40 tries failed");
    CHECK_FALSE(bench.health.on_time(out + std::chrono::hours{1}));

    bench.now = out + std::chrono::minutes{1};
    CHECK_FALSE(bench.check(true));
    CHECK(bench.check(true));
    CHECK(bench.health.healthy());
    CHECK(bench.health.explanation() == "2 checks passed");
}

TEST_CASE("an ejection by traffic lasts until a check has passed, where there are checks") {
    Bench bench;
    bench.check(true);
    const TimePoint out = bench.now;
    bench.health.eject(EjectionCause::consecutive_failures, "", out);
    const TimePoint served = out + std::chrono::seconds{6};
    CHECK_FALSE(bench.health.back_at());
    CHECK_FALSE(bench.health.on_time(served));
    SUBCASE("the first that passes") {}
    SUBCASE("one that passes after one that failed") {
        CHECK_FALSE(bench.check(false));
        CHECK(bench.health.checks_good());
        CHECK_FALSE(bench.health.on_time(served));
    }
    SUBCASE("not one from before a failed one") {
        CHECK_FALSE(bench.check(true));
        CHECK_FALSE(bench.check(false));
        CHECK_FALSE(bench.health.on_time(served));
    }
    CHECK_FALSE(bench.check(true));
    CHECK(bench.health.back_at() == out + std::chrono::seconds{5});
    CHECK(bench.health.on_time(served));
    CHECK(bench.health.on_trial());
}

TEST_CASE("an ejection brings the next check forward") {
    Bench bench{{.interval = std::chrono::minutes{1}}};
    bench.check(true);
    bench.check(true);
    bench.health.eject(EjectionCause::failure_ratio, "", bench.now);
    CHECK(bench.health.next_check() <= bench.now + Health::fast_interval);
}

TEST_CASE("an endpoint that is out when checks are given up comes back by time") {
    Bench bench;
    bench.check(true);
    const TimePoint out = bench.now;
    bench.health.eject(EjectionCause::failure_ratio, "", out);
    SUBCASE("before one was made") {}
    SUBCASE("after some failed") {
        bench.check(false);
        bench.check(false);
    }
    bench.health.set_settings({.checks = false}, bench.now);
    CHECK(bench.health.on_time(out + std::chrono::seconds{5}));
}

TEST_CASE("where traffic ejects nobody there are no trials") {
    Health health{{.checks = false}, start};
    health.eject(EjectionCause::failure_ratio, "", start);
    health.set_settings({.checks = false, .backoff = {.first = {}, .longest = {}}}, start);
    CHECK(health.on_time(start + std::chrono::seconds{5}));
    CHECK_FALSE(health.on_trial());
}

TEST_CASE("without checks the time alone ends an ejection") {
    Health health{{.checks = false}, start};
    health.eject(EjectionCause::consecutive_failures, "", start);
    CHECK(health.on_time(start + std::chrono::seconds{5}));
}

TEST_CASE("checks that pass before the time is over let it come back when it is") {
    Bench bench;
    bench.check(true);
    const TimePoint out = bench.now;
    bench.health.eject(EjectionCause::failure_ratio, "", out);
    for (const bool ok : {false, false, true, true}) CHECK_FALSE(bench.check(ok));
    CHECK(bench.now < out + std::chrono::seconds{5});
    CHECK(bench.health.checks_good());
    CHECK(bench.health.back_at() == out + std::chrono::seconds{5});
    CHECK(bench.health.on_time(out + std::chrono::seconds{5}));
    // They saw it ill, so it is well by what they see.
    CHECK_FALSE(bench.health.on_trial());
}

TEST_CASE("an endpoint that checks take out again at once stays out longer each time") {
    Bench bench;
    std::vector<Duration> lengths;
    for (int i = 0; i < 4; ++i) {
        while (bench.health.healthy()) bench.check(false);
        while (!bench.health.healthy()) {
            const auto back = bench.health.back_at();
            if (back && *back <= bench.health.next_check()) bench.health.on_time(*back);
            else bench.check(true);
        }
        lengths.push_back(bench.health.backoff().length());
    }
    using std::chrono::seconds;
    CHECK(lengths == std::vector<Duration>{seconds{0}, seconds{10}, seconds{20}, seconds{40}});
}

TEST_CASE("failures that end after the ejection do not hurry the checks") {
    Bench bench;
    bench.check(true);
    bench.health.eject(EjectionCause::consecutive_failures, "", bench.now);
    while (bench.health.fast()) bench.check(true);
    const TimePoint next = bench.health.next_check();
    bench.health.on_passive_failure(bench.now);
    CHECK(bench.health.next_check() == next);
    CHECK_FALSE(bench.health.fast());
}

TEST_CASE("what is taken back leaves no trace but in the words") {
    Bench bench;
    while (bench.health.healthy()) bench.check(false);
    bench.health.pardon("it was us", bench.now);
    CHECK(bench.health.healthy());
    CHECK(bench.health.checks_good());
    CHECK(bench.health.since() == bench.now);
    CHECK(bench.health.backoff().level(bench.now) == 0);
    CHECK(bench.health.explanation() == "it was us");
    bench.check(false);
    CHECK(bench.health.healthy());
    bench.check(false);
    CHECK_FALSE(bench.health.healthy());
    CHECK(bench.health.backoff().length() == Duration::zero());
}

TEST_CASE("a check that said nothing only puts the next one off") {
    Bench bench;
    bench.check(false);
    bench.health.on_void_check(bench.now, bench.random);
    CHECK(bench.until_check() >= milliseconds{900});
    bench.check(false);
    CHECK_FALSE(bench.health.healthy());
}

TEST_CASE("who was out by checks elsewhere is out here until enough of them pass") {
    Bench bench;
    CHECK(bench.health.recall(EjectionCause::health_check, "2 checks failed", bench.now));
    CHECK(!bench.health.healthy());
    CHECK(bench.health.explanation() == "2 checks failed");
    CHECK(bench.health.next_check() == start);
    CHECK(!bench.check(true));
    CHECK(bench.check(true));
    CHECK(!bench.health.on_trial());
}

TEST_CASE("who was out by traffic elsewhere is out here for as long as the first time") {
    Bench bench{{.checks = false}};
    CHECK(bench.health.recall(EjectionCause::failure_ratio, "50 of 60 failed", bench.now));
    CHECK(bench.health.ejected_by_traffic());
    REQUIRE(bench.health.back_at());
    CHECK(*bench.health.back_at() == start + EjectionBackoff::Settings{}.first);
    CHECK(bench.health.on_time(*bench.health.back_at()));
    CHECK(bench.health.on_trial());
}

TEST_CASE("without checks, nobody is out by those of another process") {
    Bench bench{{.checks = false}};
    CHECK(!bench.health.recall(EjectionCause::health_check, "2 checks failed", bench.now));
    CHECK(bench.health.healthy());
}

}  // namespace uvoy::cluster
