#include "server/admin_json.h"

#include "server/admin_objects.h"
#include "view.h"

#include <doctest/doctest.h>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

/// 2024-02-29T12:00:00.250Z
constexpr std::int64_t leap_day = 1'709'208'000'250;

}  // namespace

TEST_CASE("the status tells the process and sums its listeners") {
    Scene scene;
    scene.worker(0).listener(0).connections_active.add(3);
    scene.worker(1).listener(1).connections_active.add(2);
    scene.worker(1).listener(1).requests_active.add(1);
    scene.worker(1).listener(1).connections_total.add(9);
    scene.worker(0).requests(1, 0, 0, 5).add(1);
    scene.worker(1).requests(1, 1, 2, 5).add(1);
    scene.state.config_loaded = leap_day - 90'000;
    Json status = status_json(scene.view(), {scene.state.started + 90s, leap_day});
    CHECK(status["pid"].is_number());
    status.erase("pid");
    CHECK(status.dump() ==
          R"({"version":"1.2.3","state":"serving","draining":false,"overloaded":false,)"
          R"("health_frozen":false,)"
          R"("started":"2024-02-29T11:58:30.250Z","uptime_seconds":90.0,"workers":2,)"
          R"("config":{"path":"uvoy.json","hash":"c0ffee","loaded":"2024-02-29T11:58:30.250Z",)"
          R"("last_reload_failed":false,"generations":1},)"
          R"("upgrade":null,"log_level":"info",)"
          R"("requests_in_flight":1,"connections":5,"listeners":[)"
          R"({"name":"web","addresses":["127.0.0.1:3000"],"requests_in_flight":0,"requests":{},)"
          R"("connections":3,"connections_total":0,"connections_rejected":0},)"
          R"({"name":"internal","addresses":["127.0.0.1:3000"],"requests_in_flight":1,)"
          R"("requests":{"5xx":2},)"
          R"("connections":2,"connections_total":9,"connections_rejected":0}]})");

    scene.state.draining = true;
    scene.state.config_path.clear();
    status = status_json(scene.view(), {scene.state.started, leap_day});
    CHECK(status["state"] == "draining");
    CHECK(status["config"]["path"].is_null());
}

TEST_CASE("an endpoint tells its state, since when, why, and its share") {
    Scene scene;
    scene.fail({0, 1}, scene.state.started + 10s);
    scene.worker(0).endpoint(1).requests[2].add(3);
    scene.worker(1).endpoint(1).requests[5].add(1);
    scene.worker(1).endpoint(1).failures[Reason::connect_refused].add(4);
    scene.worker(1).endpoint(1).latencies[1].add(1);
    scene.runtime.endpoint({0, 1}).in_flight = 7;
    const Json json = clusters_json(scene.view(), {scene.state.started + 12500ms, leap_day});
    REQUIRE(json["clusters"].size() == 2);
    const Json &app = json["clusters"][0];
    CHECK(app["name"] == "app");
    CHECK(app["policy"] == "ring_hash");
    CHECK(app["health_check"] == "tcp");
    CHECK(app["panic"] == false);
    CHECK(app["healthy"] == 2);
    CHECK(app["endpoints"][1].dump() ==
          R"({"name":"b","address":"127.0.0.1:8082","weight":1,"duty":"ready","state":"unhealthy",)"
          R"("since":"2024-02-29T11:59:57.750Z","for_seconds":2.5,)"
          R"("why":"2 checks failed: connect_refused","fast_checks":false,"latency_share":1.0,)"
          R"("trial_share":1.0,"checks_passed":0,)"
          R"("checks_failed":0,"checks_skipped":0,"ejections":0,"recent_ejections":1,)"
          R"("ejection":{"cause":"health_check","least_seconds":0.0,"checks_good":false,)"
          R"("back_in_seconds":null},"requests_in_flight":7,)"
          R"("requests":{"2xx":3,"5xx":1},"failures":{"connect_refused":4},)"
          R"("first_byte_buckets":[0,1],"ring_share":0.0})");
    CHECK(app["endpoints"][0]["state"] == "healthy");
    CHECK(app["endpoints"][0]["ring_share"].get<double>() > 0.4);

    const Json &cache = json["clusters"][1];
    CHECK(cache["policy"] == "round_robin");
    CHECK(cache["endpoints"][0]["why"] == "health checks are off");
    CHECK_FALSE(cache["endpoints"][0].contains("ring_share"));
}

TEST_CASE("a listener tells its limits and which rate limits it has") {
    config::Config config = small_config();
    config.listeners[0].rate_limits = {0};
    config.listeners[0].limits.connections = 7;
    const Scene scene{std::move(config)};
    const Json json = listeners_json(scene.view(), {});
    REQUIRE(json["listeners"].size() == 2);
    CHECK(json["listeners"][0]["name"] == "web");
    CHECK(json["listeners"][0]["limits"]["connections"] == 7);
    CHECK(json["listeners"][0]["rate_limits"].dump() == R"(["per-client"])");
    CHECK(json["listeners"][1]["limits"]["connections"].is_null());
    CHECK(json["listeners"][1]["timeouts"]["headers_seconds"] == 10.0);
}

TEST_CASE("a route tells what it takes, what it does and how its requests ended") {
    config::Config config = small_config();
    config.routes[0].match = {
        .listener = 1,
        .host = {.kind = config::HostMatch::Kind::suffix, .text = ".example.com"},
        .path = {.kind = config::PathMatch::Kind::prefix, .text = "/api/"}};
    config.routes[1].action = config::Respond{.status = 404, .body = {}, .headers = {}};
    Scene scene{std::move(config)};
    scene.worker(0).requests(0, 0, 0, 2).add(3);
    scene.worker(1).requests(1, 0, 1, 2).add(1);
    scene.worker(1).requests(1, 0, 1, 5).add(2);
    const Json json = routes_json(scene.view(), {});
    REQUIRE(json["routes"].size() == 2);
    CHECK(json["routes"][0]["match"].dump() ==
          R"({"listener":"internal","host":"*.example.com","path":{"prefix":"/api/"}})");
    CHECK(json["routes"][0]["cluster"] == "app");
    CHECK(json["routes"][0]["respond"].is_null());
    CHECK(json["routes"][0]["requests"].dump() == R"({"2xx":4,"5xx":2})");
    CHECK(json["routes"][1]["cluster"].is_null());
    CHECK(json["routes"][1]["respond"]["status"] == 404);
    CHECK(json["routes"][1]["requests"].empty());
}

TEST_CASE("a rate limit tells who has it and whom it refused") {
    config::Config config = small_config();
    config.routes[1].rate_limits = {0};
    config.rate_limits[0].key = {{.source = config::KeyPart::Source::client_ip, .name = {}},
                                 {.source = config::KeyPart::Source::header, .name = "x-a"}};
    Scene scene{std::move(config)};
    scene.worker(0).limit(0).admitted.add(5);
    scene.worker(1).limit(0).rejected.add(2);
    const Json json = limits_json(scene.view(), {});
    REQUIRE(json["limits"].size() == 2);
    CHECK(json["limits"][0]["key"].dump() == R"(["client_ip",{"header":"x-a"}])");
    CHECK(json["limits"][0]["routes"].dump() == R"(["rest"])");
    CHECK(json["limits"][0]["listeners"].empty());
    CHECK(json["limits"][0]["admitted"] == 5);
    CHECK(json["limits"][0]["rejected"] == 2);
    CHECK(json["limits"][1]["dry_run"] == true);
}

TEST_CASE("a worker tells what it carries, how busy it is and how late") {
    Scene scene;
    auto &process = scene.worker(1).process();
    process.connections.set(4);
    process.busy_nanoseconds.add(500'000'000);
    for (int i = 0; i < 99; ++i) process.loop_lag.observe(800us);
    process.loop_lag.observe(40ms);
    scene.worker(1).listener(0).requests_active.add(2);
    scene.worker(1).listener(1).requests_active.add(1);
    const Json json = workers_json(scene.view(), {scene.state.started + 2s, leap_day});
    REQUIRE(json["workers"].size() == 2);
    CHECK(json["workers"][0]["loop_lag_p99_seconds"].is_null());
    const Json &worker = json["workers"][1];
    CHECK(worker["worker"] == 1);
    CHECK(worker["connections"] == 4);
    CHECK(worker["requests_in_flight"] == 3);
    CHECK(worker["busy_seconds"] == 0.5);
    CHECK(worker["busy_share"] == 0.25);
    CHECK(worker["loop_lag_p50_seconds"] == 0.001);
    CHECK(worker["loop_lag_p99_seconds"] == 0.001);
}

}  // namespace uvoy::server
