#include "server/exposition.h"
#include "server/metrics_exporter.h"
#include "view.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

std::string scrape(const Scene &scene) {
    return exposition(MetricsExporter{scene.view()}.Collect());
}

/// The series of one metric, in the order of the text, its help and type with them.
std::string of(const std::string &text, const std::string &metric) {
    std::istringstream lines{text};
    std::string found;
    for (std::string line; std::getline(lines, line);) {
        const bool comment = line.starts_with("# ");
        const std::string rest = comment ? line.substr(line.find(' ', 2) + 1) : line;
        if (rest.starts_with(metric + " ") || rest.starts_with(metric + "{") ||
            rest.starts_with(metric + "_bucket") || rest.starts_with(metric + "_count") ||
            rest.starts_with(metric + "_sum"))
            found += line + "\n";
    }
    return found;
}

bool has(const std::string &text, const std::string &line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("requests are summed over workers and told by endpoint and class") {
    Scene scene;
    scene.worker(0).endpoint(1).requests[2].add(3);
    scene.worker(1).endpoint(1).requests[2].add(4);
    scene.worker(1).endpoint(3).requests[5].add(1);
    scene.worker(0).endpoint(3).requests[1].add(1);
    CHECK(of(scrape(scene), "requests_total") ==
          R"(# HELP requests_total Requests routed to an endpoint, by status class.
# TYPE requests_total counter
requests_total{backend="a",cluster="app",code="2xx"} 0
requests_total{backend="a",cluster="app",code="3xx"} 0
requests_total{backend="a",cluster="app",code="4xx"} 0
requests_total{backend="a",cluster="app",code="5xx"} 0
requests_total{backend="b",cluster="app",code="2xx"} 7
requests_total{backend="b",cluster="app",code="3xx"} 0
requests_total{backend="b",cluster="app",code="4xx"} 0
requests_total{backend="b",cluster="app",code="5xx"} 0
requests_total{backend="c",cluster="app",code="2xx"} 0
requests_total{backend="c",cluster="app",code="3xx"} 0
requests_total{backend="c",cluster="app",code="4xx"} 0
requests_total{backend="c",cluster="app",code="5xx"} 0
requests_total{backend="only",cluster="cache",code="1xx"} 1
requests_total{backend="only",cluster="cache",code="2xx"} 0
requests_total{backend="only",cluster="cache",code="3xx"} 0
requests_total{backend="only",cluster="cache",code="4xx"} 0
requests_total{backend="only",cluster="cache",code="5xx"} 1
)");
}

TEST_CASE("the other headline series count drops, requests in flight and durations") {
    Scene scene;
    scene.worker(0).limit(0).rejected.add(5);
    scene.worker(1).limit(0).admitted.add(6);
    scene.worker(0).limit(1).dry_run.add(2);
    scene.worker(1).limit(1).dry_run.add(5);
    scene.worker(0).listener(0).requests_active.add(3);
    scene.worker(1).listener(0).requests_active.subtract(1);
    scene.worker(0).cluster(0).duration.observe(2ms);
    scene.worker(1).cluster(0).duration.observe(40s);
    const std::string text = scrape(scene);
    CHECK(has(text, R"(requests_dropped_total{limit="per-client"} 5)"));
    CHECK(has(text, R"(uvoy_ratelimit_admitted_total{limit="per-client"} 6)"));
    CHECK(has(text, R"(uvoy_ratelimit_dry_run_total{limit="trial"} 7)"));
    CHECK_FALSE(has(text, R"(uvoy_ratelimit_dry_run_total{limit="per-client"})"));
    CHECK(has(text, R"(active_connections{listener="web"} 2)"));
    CHECK(has(text, R"(active_connections{listener="internal"} 0)"));
    CHECK(has(text, R"(request_duration_seconds_count{cluster="app"} 2)"));
    CHECK(has(text, R"(request_duration_seconds_bucket{cluster="app",le="0.001"} 0)"));
    CHECK(has(text, R"(request_duration_seconds_bucket{cluster="app",le="0.0025"} 1)"));
    CHECK(has(text, R"(request_duration_seconds_bucket{cluster="app",le="30"} 1)"));
    CHECK(has(text, R"(request_duration_seconds_bucket{cluster="app",le="+Inf"} 2)"));
    CHECK(has(text, R"(request_duration_seconds_sum{cluster="app"} 40.002)"));
}

TEST_CASE("requests by route appear with their first request, and so do reasons") {
    Scene scene;
    CHECK(of(scrape(scene), "uvoy_requests_total").empty());
    CHECK(of(scrape(scene), "uvoy_upstream_failures_total").empty());
    const auto get = static_cast<std::size_t>(http::Method::get);
    scene.worker(0).requests(0, 1, get, 2).add();
    scene.worker(1).requests(1, stats::no_route, get, 4).add(2);
    scene.worker(0).endpoint(2).failures[Reason::connect_refused].add(2);
    scene.worker(0).process().responses_by_uvoy[Reason::no_route].add(2);
    scene.worker(0).process().connections_closed[Reason::none].add(7);
    const std::string text = scrape(scene);
    CHECK(of(text, "uvoy_requests_total") ==
          R"text(# HELP uvoy_requests_total Requests answered, by route and status class.
# TYPE uvoy_requests_total counter
uvoy_requests_total{listener="web",route="rest",method="GET",code="2xx"} 1
uvoy_requests_total{listener="internal",route="(none)",method="GET",code="4xx"} 2
)text");
    CHECK(has(
        text,
        R"(uvoy_upstream_failures_total{cluster="app",backend="c",reason="connect_refused"} 2)"));
    CHECK(has(text, R"(uvoy_responses_by_uvoy_total{reason="no_route"} 2)"));
    CHECK(has(text, R"(uvoy_connections_closed_total{reason="none"} 7)"));
}

TEST_CASE("an endpoint's time to the first byte is a count and a sum over workers") {
    Scene scene;
    scene.worker(0).endpoint(1).answers.add(3);
    scene.worker(0).endpoint(1).latency_nanoseconds.add(20'000'000);
    scene.worker(1).endpoint(1).answers.add();
    scene.worker(1).endpoint(1).latency_nanoseconds.add(5'000'000);
    const std::string text = scrape(scene);
    const std::string name = "uvoy_endpoint_first_byte_seconds";
    CHECK(has(text, "# TYPE " + name + " summary"));
    CHECK(has(text, name + R"(_count{cluster="app",backend="b"} 4)"));
    CHECK(has(text, name + R"(_sum{cluster="app",backend="b"} 0.025)"));
    CHECK(has(text, name + R"(_count{cluster="app",backend="a"} 0)"));
}

TEST_CASE("an ejection shows in health, ring and panic") {
    Scene scene;
    scene.fail({0, 1}, scene.state.started + 1s);
    scene.health.at({0, 1}).ejections[0] = 1;
    scene.health.at({0, 1}).checks_failed = 2;
    std::string text = scrape(scene);
    CHECK(has(text, R"(uvoy_endpoint_healthy{cluster="app",backend="a"} 1)"));
    CHECK(has(text, R"(uvoy_endpoint_healthy{cluster="app",backend="b"} 0)"));
    CHECK(
        has(text,
            R"(uvoy_endpoint_ejections_total{cluster="app",backend="b",cause="health_check"} 1)"));
    CHECK(has(text, R"(uvoy_health_checks_total{cluster="app",backend="b",result="failure"} 2)"));
    CHECK(has(text, R"(uvoy_ring_share{cluster="app",backend="b"} 0)"));
    CHECK(has(text, R"(uvoy_cluster_panic{cluster="app"} 0)"));
    CHECK(has(text, R"(uvoy_ring_publishes_total 1)"));
    CHECK(text.find(R"(uvoy_ring_share{cluster="cache")") == std::string::npos);
    CHECK_FALSE(has(text, R"(uvoy_ring_moved_ratio{cluster="app"} 0)"));

    scene.fail({0, 2}, scene.state.started + 2s);
    CHECK(has(scrape(scene), R"(uvoy_cluster_panic{cluster="app"} 1)"));
}

TEST_CASE("a fingerprint survives the way through a double") {
    const Scene scene;
    const std::uint64_t exact = scene.clusters.current(0).membership().fingerprint() >> 11;
    CHECK(has(scrape(scene), R"(uvoy_ring_fingerprint{cluster="app"} )" + std::to_string(exact)));
}

TEST_CASE("names from the configuration cannot break out of their label") {
    config::Config config = small_config();
    config.clusters[1].name = "quote\" back\\slash\nline feed";
    const Scene scene{std::move(config)};
    CHECK(has(scrape(scene), R"(uvoy_cluster_panic{cluster="quote\" back\\slash\nline feed"} 0)"));
}

TEST_CASE("process series say who and how") {
    Scene scene;
    scene.worker(1).process().busy_nanoseconds.add(1'500'000'000);
    scene.state.config_loaded = 1'700'000'000'500;
    std::string text = scrape(scene);
    CHECK(has(text, R"(uvoy_build_info{version="1.2.3"} 1)"));
    CHECK(has(text, R"(uvoy_config_hash_info{hash="c0ffee"} 1)"));
    CHECK(has(text, "uvoy_workers 2"));
    CHECK(has(text, "uvoy_draining 0"));
    CHECK(has(text, R"(uvoy_worker_busy_seconds_total{worker="1"} 1.5)"));
    CHECK(has(text, "uvoy_config_loaded_timestamp_seconds 1700000000.5"));
    for (const char *positive :
         {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
          "process_max_fds", "process_virtual_memory_bytes"}) {
        CAPTURE(positive);
        CHECK_FALSE(of(text, positive).empty());
        CHECK_FALSE(has(text, std::string{positive} + " 0"));
    }
    scene.state.draining = true;
    scene.state.config_hash.clear();
    text = scrape(scene);
    CHECK(has(text, "uvoy_draining 1"));
    CHECK(of(text, "uvoy_config_hash_info").empty());
}

TEST_CASE("no family is told twice, and every one has its help") {
    const Scene scene;
    std::set<std::string> names;
    for (const auto &family : MetricsExporter{scene.view()}.Collect()) {
        CAPTURE(family.name);
        CHECK(names.insert(family.name).second);
        CHECK_FALSE(family.help.empty());
        CHECK_FALSE(family.metric.empty());
    }
}

}  // namespace uvoy::server
