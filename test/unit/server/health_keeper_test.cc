#include "server/health_keeper.h"

#include "base/log.h"
#include "view.h"

#include "../uv/fixture.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

std::vector<std::string> log_lines;

/// Two clusters of three and two endpoints.
struct Kept {
    Kept()
        : runtime{config(), 1, 1},
          keeper{loop, runtime, 7, HealthKeeper::OnChange::bind<&Kept::on_change>(*this)} {
        log_lines.clear();
        log::set_sink([](log::Level, std::string_view line) { log_lines.emplace_back(line); });
    }
    ~Kept() {
        log::set_sink([](log::Level, std::string_view) {});
    }

    static config::Config config() {
        config::Config config;
        config.clusters = {cluster_of("app", {"a", "b", "c"}), cluster_of("cache", {"d", "e"})};
        for (config::Cluster &cluster : config.clusters) cluster.outlier_detection->eject = 50ms;
        return config;
    }

    void on_change(std::size_t) { ++changes; }
    const cluster::Health &health(proxy::EndpointId id) { return keeper.table().at(id).health; }
    std::size_t healthy() {
        return keeper.table().healthy_count(0) + keeper.table().healthy_count(1);
    }
    void refuse(proxy::EndpointId id) {
        keeper.on_check_result(id, {.ok = false, .detail = "connect_refused"}, uv::Loop::now());
    }
    void keep_silent(proxy::EndpointId id) {
        keeper.on_silent_check(id, "connect_timeout", uv::Loop::now());
    }

    uv::Loop loop;
    proxy::Runtime runtime;
    HealthKeeper keeper;
    int changes = 0;
};

constexpr proxy::EndpointId all[]{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}};

}  // namespace

TEST_CASE("an ejection ends by itself when its time is over, and the log tells both") {
    Kept kept;
    CHECK(kept.keeper.eject({0, 1}, cluster::EjectionCause::failure_ratio, "so it seems",
                            uv::Loop::now()));
    CHECK_FALSE(kept.health({0, 1}).healthy());
    CHECK(kept.changes == 1);
    const TimePoint out = kept.health({0, 1}).since();
    kept.keeper.on_check_result({0, 1}, {.ok = true}, uv::Loop::now());
    CHECK(uv::turn_until(kept.loop, [&] { return kept.health({0, 1}).healthy(); }));
    CHECK(kept.health({0, 1}).since() - out >= 50ms);
    CHECK(kept.changes == 2);
    REQUIRE(log_lines.size() == 2);
    CHECK(log_lines[0] ==
          "cluster app: endpoint b is unhealthy (so it seems), out for at least "
          "50ms, 2 of 3 healthy");
    CHECK(log_lines[1] ==
          "cluster app: endpoint b is healthy (its time out is over, on trial), 3 of 3 healthy");
    CHECK(kept.keeper.table().states(0)[1].trial == 16);

    kept.keeper.on_sight({0, 1}, {.answers = 1}, uv::Loop::now());
    CHECK(kept.keeper.table().states(0)[1].trial == 1024);
    CHECK(kept.changes == 3);
    REQUIRE(log_lines.size() == 3);
    CHECK(log_lines[2] == "cluster app: endpoint b is no longer on trial (it answered on trial)");
}

TEST_CASE("the second of two endpoints stays when traffic would take it out as well") {
    Kept kept;
    const auto cause = cluster::EjectionCause::consecutive_failures;
    CHECK(kept.keeper.eject({1, 0}, cause, "", uv::Loop::now()));
    CHECK_FALSE(kept.keeper.eject({1, 1}, cause, "", uv::Loop::now()));
    CHECK(kept.health({1, 1}).healthy());
}

TEST_CASE("when all fall silent at once, all stay as they were until one gives a sign of life") {
    Kept kept;
    for (int i = 0; i < 2; ++i)
        for (const proxy::EndpointId id : {all[0], all[1], all[2], all[3]}) kept.keep_silent(id);
    CHECK(kept.healthy() == 1);
    CHECK_FALSE(kept.keeper.table().frozen());
    kept.keep_silent(all[4]);
    CHECK(kept.keeper.table().frozen());
    CHECK(kept.healthy() == 5);
    CHECK(kept.health(all[0]).backoff().level(uv::Loop::now()) == 0);
    for (int i = 0; i < 5; ++i)
        for (const proxy::EndpointId id : all) kept.keep_silent(id);
    CHECK(kept.healthy() == 5);

    kept.refuse(all[0]);
    CHECK_FALSE(kept.keeper.table().frozen());
    CHECK(kept.healthy() == 5);
    kept.refuse(all[0]);
    CHECK(kept.healthy() == 4);
    for (int i = 0; i < 2; ++i) kept.keep_silent(all[1]);
    CHECK(kept.healthy() == 3);
    CHECK_FALSE(kept.keeper.table().frozen());
}

TEST_CASE("endpoints that refuse, or that answer badly, are out, even if they are all") {
    Kept kept;
    for (int i = 0; i < 2; ++i)
        for (const proxy::EndpointId id : all) kept.refuse(id);
    CHECK(kept.healthy() == 0);
    CHECK_FALSE(kept.keeper.table().frozen());
}

}  // namespace uvoy::server
