#include "server/outlier_watch.h"

#include "base/log.h"
#include "server/failure_channel.h"
#include "view.h"

#include "../uv/fixture.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

using Cause = cluster::EjectionCause;

/// The cluster "app" of five endpoints, watched.
struct Watched {
    explicit Watched(const std::function<void(config::Cluster &)> &change = {})
        : scene{config_of(change)},
          keeper{loop, scene.runtime, 7, HealthKeeper::OnChange::bind<&Watched::on_change>(*this)},
          watch{loop, scene.runtime, keeper} {
        log::set_sink([](log::Level, std::string_view) {});
        now = uv::Loop::now();
        watch.start(scene.workers);
    }

    static config::Config config_of(const std::function<void(config::Cluster &)> &change) {
        config::Config config = small_config();
        config.clusters[0] = cluster_of("app", {"a", "b", "c", "d", "e"});
        config.clusters[0].health_check.type = config::HealthCheck::Type::none;
        if (change) change(config.clusters[0]);
        return config;
    }

    void on_change(std::size_t) { ++changes; }

    cluster::Endpoint &endpoint(std::uint16_t index) { return scene.runtime.endpoint({0, index}); }
    const cluster::Health &health(std::uint16_t index = 0) {
        return keeper.table().at({0, index}).health;
    }

    /// As a worker does it, and the report arrives.
    void fail(std::uint16_t index, Reason reason = Reason::connect_refused, Duration took = 1ms) {
        endpoint(index).note_failure();
        watch.on_failure({.endpoint = {0, index},
                          .reason = reason,
                          .began = now - took + 20ms,
                          .at = now + 20ms});
        now += 20ms;  // more than the pause between two looks
    }

    /// Tries as a worker counts them.
    void count(std::uint16_t index, std::uint64_t answers, std::uint64_t errors,
               std::uint64_t refused = 0) {
        auto &worker = scene.worker(index % 2).endpoint(index);
        worker.answers.add(answers);
        worker.errors.add(errors);
        worker.failures[Reason::connect_refused].add(refused);
    }

    uv::Loop loop;
    Scene scene;
    HealthKeeper keeper;
    OutlierWatch watch;
    TimePoint now{};
    int changes = 0;
};

}  // namespace

TEST_CASE("five failures in a row take an endpoint out, four or a success between do not") {
    Watched watched;
    for (int i = 0; i < 4; ++i) watched.fail(0);
    CHECK(watched.health().healthy());
    watched.endpoint(0).note_success();
    for (int i = 0; i < 4; ++i) watched.fail(0);
    CHECK(watched.health().healthy());
    CHECK(watched.changes == 0);
    watched.fail(0);
    CHECK_FALSE(watched.health().healthy());
    CHECK(watched.health().cause() == Cause::consecutive_failures);
    CHECK(watched.health().explanation() == "5 tries failed in a row: connect_refused");
    CHECK(watched.health().backoff().length() == 5s);
    CHECK(watched.changes == 1);
    watched.fail(0);
    CHECK(watched.changes == 1);
}

TEST_CASE("a connection that was stale is nobody's failure") {
    Watched watched;
    watched.endpoint(0).failures_in_row = 10;  // however they came
    watched.watch.on_failure({.endpoint = {0, 0},
                              .reason = Reason::stale_connection,
                              .began = watched.now,
                              .at = watched.now});
    CHECK(watched.health().healthy());
}

TEST_CASE("where all fail nobody is to blame") {
    Watched watched;
    for (int i = 0; i < 10; ++i)
        for (std::uint16_t index = 0; index < 5; ++index) watched.fail(index, Reason::error_status);
    CHECK(watched.keeper.table().healthy_count(0) == 5);
}

TEST_CASE("half of the endpoints may go out, one after the other, and no more") {
    Watched watched;
    for (std::uint16_t index = 0; index < 4; ++index)
        for (int i = 0; i < 10; ++i) watched.fail(index);
    CHECK(watched.keeper.table().healthy_count(0) == 3);
    CHECK(watched.keeper.table().census({0, 4}).ejected == 2);
}

TEST_CASE("tries from before an endpoint came back do not take it out again") {
    Watched watched{[](config::Cluster &cluster) { cluster.outlier_detection->eject = 100ms; }};
    for (int i = 0; i < 5; ++i) watched.fail(0, Reason::route_timeout, 100ms);
    REQUIRE_FALSE(watched.health().healthy());
    watched.endpoint(0).note_success();
    CHECK(uv::turn_until(watched.loop, [&] { return watched.health().healthy(); }));
    watched.now = uv::Loop::now();
    for (int i = 0; i < 10; ++i) watched.fail(0, Reason::route_timeout, 30s);
    CHECK(watched.health().healthy());
    watched.fail(0, Reason::route_timeout, 10ms);
    CHECK_FALSE(watched.health().healthy());
}

TEST_CASE("an endpoint on trial gets its share after an answer, and goes at the first failure") {
    Watched watched{[](config::Cluster &cluster) { cluster.outlier_detection->eject = 200ms; }};
    for (std::uint16_t index = 0; index < 2; ++index)
        for (int i = 0; i < 5; ++i) watched.fail(index, Reason::first_byte_timeout);
    CHECK(uv::turn_until(
        watched.loop, [&] { return watched.health(0).healthy() && watched.health(1).healthy(); }));
    CHECK(watched.health(0).on_trial());
    CHECK(watched.health(1).on_trial());
    for (std::uint16_t index = 0; index < 5; ++index) watched.endpoint(index).note_success();

    watched.now = uv::Loop::now();
    SUBCASE("a failure that is not its own says nothing") {
        watched.fail(0, Reason::stale_connection);
        for (std::uint16_t index = 2; index < 5; ++index) watched.count(index, 10, 10);
        uv::turn_for(watched.loop, 300ms);
        watched.now = uv::Loop::now();
        watched.fail(0, Reason::first_byte_timeout);
        CHECK(watched.health(0).on_trial());
    }
    SUBCASE("its own does, and an answer counts as well") {
        watched.fail(1, Reason::first_byte_timeout);
        CHECK_FALSE(watched.health(1).healthy());
        CHECK(watched.health(1).explanation() == "a try failed on trial: first_byte_timeout");
        CHECK(watched.health(1).backoff().length() == 400ms);
        watched.count(0, 1, 0);
        CHECK(uv::turn_until(watched.loop, [&] { return !watched.health(0).on_trial(); }));
        CHECK(watched.health(0).healthy());
        CHECK_FALSE(watched.health(0).on_trial());
        watched.now = uv::Loop::now();
        watched.fail(0, Reason::first_byte_timeout);
        CHECK(watched.health(0).healthy());
    }
    SUBCASE("answers that are errors take it out where others do better") {
        watched.count(0, 3, 3);
        CHECK(uv::turn_until(watched.loop, [&] {
            return watched.health(0).explanation() == "all answers on trial were errors";
        }));
        CHECK(watched.health(0).cause() == Cause::failure_ratio);
    }
    SUBCASE("and end the trial where others do not") {
        for (std::uint16_t index = 0; index < 5; ++index) watched.count(index, 3, 3);
        uv::turn_for(watched.loop, 300ms);
        CHECK(watched.health(0).healthy());
        CHECK_FALSE(watched.health(0).on_trial());
        CHECK(watched.health(0).explanation() == "it answers no worse than others");
    }
}

TEST_CASE("one timeout is enough if many wait and nothing is answered") {
    struct Case {
        std::uint32_t waiting;
        Duration took;
        std::uint64_t answers_here, answers_elsewhere;
        bool out;
    };
    const Case cases[] = {
        {10, 1s, 0, 1, true},     {4, 1s, 0, 1, true}, {3, 1s, 0, 1, false},  // too few
        {10, 1s, 1, 1, false},                                                // it does answer
        {10, 1s, 0, 0, false},                                                // nobody answers
        {10, 400ms, 0, 1, false},                                             // too short to tell
    };
    for (const Case &test : cases) {
        CAPTURE(test.waiting);
        Watched watched;
        for (std::uint16_t index = 0; index < 5; ++index) {
            watched.endpoint(index).in_flight = test.waiting;
            watched.count(index, index == 0 ? test.answers_here : test.answers_elsewhere, 0);
        }
        watched.now += 10s;
        watched.fail(0, Reason::route_timeout, test.took);
        CHECK(watched.health().healthy() == !test.out);
        if (test.waiting == 10 && test.out)
            CHECK(watched.health().explanation() ==
                  "1 try failed in a row: route_timeout, and 10 more wait for an answer");
    }
}

TEST_CASE("a timeout blames nobody while the others answer hardly sooner, a refusal does") {
    struct Case {
        Duration latency;  // of the others
        Reason reason;
        bool out;
    };
    const Case cases[] = {
        {10ms, Reason::first_byte_timeout, true},
        {300ms, Reason::first_byte_timeout, false},
        {300ms, Reason::connect_refused, true},
    };
    for (const Case &test : cases) {
        CAPTURE(test.latency.count());
        Watched watched;
        for (std::uint16_t index = 1; index < 5; ++index) {
            watched.count(index, 10, 0);
            watched.scene.worker(index % 2).endpoint(index).latency_nanoseconds.add(
                10 * static_cast<std::uint64_t>(test.latency.count()));
        }
        watched.now += 10s;
        for (int i = 0; i < 10; ++i) watched.fail(0, test.reason, 500ms);
        CHECK(watched.health().healthy() == !test.out);
    }
}

TEST_CASE("what the others did a second ago excuses nobody") {
    Watched watched;
    for (std::uint16_t index = 1; index < 5; ++index) watched.count(index, 10, 10);
    uv::turn_for(watched.loop, 800ms);
    watched.now = uv::Loop::now();
    for (int i = 0; i < 5; ++i) watched.fail(0);
    CHECK_FALSE(watched.health().healthy());
}

TEST_CASE("an endpoint that is never right is not blamed while a third of all is wrong") {
    Watched watched;
    for (std::uint16_t index = 1; index < 5; ++index) watched.count(index, 30, 10);
    for (int i = 0; i < 10; ++i) watched.fail(0);
    CHECK(watched.health().healthy());
}

TEST_CASE("a refused connection is no silence, however many wait") {
    Watched watched;
    watched.endpoint(0).in_flight = 100;
    watched.now += 10s;
    watched.fail(0, Reason::connect_refused, 1s);
    CHECK(watched.health().healthy());
}

TEST_CASE("within a second the share of failures is judged over all workers") {
    Watched watched;
    for (std::uint16_t index = 0; index < 5; ++index) watched.count(index, 100, 0);
    watched.count(1, 10, 10);
    watched.count(1, 0, 0, 100);
    uv::turn_for(watched.loop, 1200ms);
    CHECK(watched.health(0).healthy());
    CHECK_FALSE(watched.health(1).healthy());
    CHECK(watched.health(1).cause() == Cause::failure_ratio);
    CHECK(watched.health(1).explanation() == "110 of 210 tries failed within a second");
    CHECK(watched.keeper.table().at({0, 1}).ejections[2] == 1);
}

TEST_CASE("an endpoint that is slow for three seconds gets half of its share, and nobody is out") {
    Watched watched;
    const auto second = [&] {
        for (std::uint16_t index = 0; index < 5; ++index) {
            watched.count(index, 100, 0);
            watched.scene.worker(index % 2).endpoint(index).latency_nanoseconds.add(
                std::uint64_t{index == 2 ? 100u : 10u} * 100'000'000);
        }
        uv::turn_for(watched.loop, 1050ms);
    };
    for (int i = 0; i < 4 && watched.changes == 0; ++i) second();
    CHECK(watched.changes == 1);
    CHECK(watched.keeper.table().at({0, 2}).share == 512);
    CHECK(watched.keeper.table().at({0, 1}).share == 1024);
    CHECK(watched.keeper.table().healthy_count(0) == 5);
}

TEST_CASE("what was turned off does not happen") {
    const std::function<void(config::Cluster &)> ways[]{
        [](config::Cluster &cluster) { cluster.outlier_detection.reset(); },
        [](config::Cluster &cluster) {
            cluster.outlier_detection->consecutive_failures = 0;
            cluster.outlier_detection->failure_ratio = {};
        }};
    for (const auto &off : ways) {
        Watched watched{off};
        for (std::uint16_t index = 0; index < 5; ++index) watched.count(index, 100, 0);
        watched.count(0, 0, 0, 1000);
        for (int i = 0; i < 10; ++i) watched.fail(0);
        uv::turn_for(watched.loop, 1200ms);
        CHECK(watched.changes == 0);
    }
}

TEST_CASE("failures that found no room in the channel count all the same") {
    Watched watched;
    struct Ends {
        void on_report(const FailureChannel::Report &) { ++reports; }
        void on_lost() { watched.watch.on_lost_reports(uv::Loop::now()); }
        Watched &watched;
        int reports = 0;
    } ends{.watched = watched};
    FailureChannel channel{watched.loop, 1, FailureChannel::OnReport::bind<&Ends::on_report>(ends),
                           Delegate<void()>::bind<&Ends::on_lost>(ends)};
    for (int i = 0; i < 1030; ++i) {
        watched.endpoint(3).note_failure();
        channel.report(0, {.generation = 0, .failure = {.endpoint = {0, 1}}});
    }
    CHECK(uv::turn_until(watched.loop, [&] { return !watched.health(3).healthy(); }));
    CHECK(ends.reports == 1024);
    CHECK(watched.health(1).healthy());
}

}  // namespace uvoy::server
