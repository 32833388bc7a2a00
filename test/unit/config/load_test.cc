#include "config/load.h"

#include "problems.h"

#include <doctest/doctest.h>

namespace uvoy::config {

using namespace std::chrono_literals;

TEST_CASE("the smallest file gives every default") {
    const Loaded loaded = parse_for_test(R"({
        "listeners": { "web": { "address": "0.0.0.0:3000" } },
        "clusters":  { "app": { "endpoints": ["127.0.0.1:8081", "127.0.0.1:8082"] } }
    })");
    INFO(joined(lines_of(loaded)));
    REQUIRE(loaded.config.has_value());
    const Config &config = *loaded.config;
    CHECK(config.workers == 0);
    REQUIRE(config.listeners.size() == 1);
    CHECK(config.listeners[0].name == "web");
    REQUIRE(config.listeners[0].addresses.size() == 1);
    CHECK(config.listeners[0].addresses[0].text() == "0.0.0.0:3000");
    REQUIRE(config.clusters.size() == 1);
    const Cluster &cluster = config.clusters[0];
    REQUIRE(cluster.endpoints.size() == 2);
    CHECK(cluster.endpoints[1].name == "127.0.0.1:8082");
    CHECK(cluster.endpoints[1].address.port == 8082);
    CHECK(cluster.endpoints[1].weight == 1);
    CHECK(cluster.health_check.type == HealthCheck::Type::tcp);
    REQUIRE(config.routes.size() == 1);
    CHECK(config.routes[0].name == "default");
    CHECK(std::get<Forward>(config.routes[0].action).cluster == 0);
    CHECK(config.admin->address.text() == "127.0.0.1:9901");
    CHECK(config.access_log.empty());
}

TEST_CASE("every key reaches its member") {
    const Loaded loaded = parse_for_test(R"({
        // A comment, /* and a trap.
        "workers": 4,
        "hash_seed": "of the fleet",
        "admin": {"address": "unix:/run/uvoy/admin.sock", "mode": "0660"},
        "access_log": [{"path": "/var/log/uvoy/access.log", "format": "100%% %{status}|%{sent}",
                        "sample": "12.5%", "only": "errors"}, {}],
        "shutdown": {"drain_timeout": "0s"},
        "limits": {"connections": 5000, "memory": "1GiB"},
        "routes": [
            {"name": "static", "match": {"listener": "v6", "host": "*.Example.com",
             "path": {"prefix": "/static/"}}, "cluster": "b", "timeout": "0s",
             "idle_timeout": "1m30s", "max_body": "10MB", "upgrades": [],
             "rate_limits": ["each", "all"],
             "retry": {"attempts": 3, "on": ["refused"]},
             "hash_key": ["host", {"header": "X-User"}, {"query": "id"},
             {"cookie": "Sticky", "ttl": "1h"}, {"cookie": "s", "ttl": "0s"}, {"cookie": "b"}],
             "access_log": false},
            {"match": {"host": "Example.com", "path": "/health"}, "respond": {"status": 503,
             "body": "two\nlines", "headers": {"Content-Type": "text/plain", "X-A": "b"}}}
        ],
        "rate_limits": {
            "all": {"rate": "6000/m", "status": 503, "table": 2048, "dry_run": true},
            "each": {"rate": "10/h", "burst": 7, "key": ["client_ip", "route", {"cookie": "id"}]}
        },
        /* The order of sections does not matter. */
        "listeners": {
            "web": {"address": "localhost:80", "rate_limits": ["each"],
                    "timeouts": {"headers": "1s", "body": "2s", "keepalive": "3s", "write": "4s"},
                    "limits": {"header_bytes": "64KiB", "headers": 10, "target_bytes": "2KB",
                               "connections": 11, "connections_per_client": 13,
                               "requests_per_connection": 12},
                    "trusted_proxies": ["10.0.0.0/8", "::1", "unix"],
                    "normalize": {"dot_segments": "refuse", "encoded_slashes": "decode",
                                  "unreserved": "keep", "encoded_controls": "keep",
                                  "merge_slashes": true}},
            "v6": {"address": ["[0:0::1]:81", "unix:/run/v6.sock", "fd:a b/80"], "mode": "666"}
        },
        "clusters": {
            "a": {"endpoints": [{"address": "db.internal:1", "name": "one", "weight": 1000,
                                  "priority": 15}],
                  "load_balancing": {"policy": "maglev", "bounded_load": 1.25},
                  "health_check": {"path": "/up", "host": "up.example:80", "interval": "2s",
                                   "timeout": "1s", "healthy_after": 3, "unhealthy_after": 4,
                                   "status": ["200-299", 404]},
                  "outlier_detection": {"consecutive_failures": 0, "failure_ratio": "12.5%",
                                        "latency_ratio": 4,
                                        "eject": "10m", "max_ejected": "100%"},
                  "limits": {"connections": 1, "requests": 2, "pending": 0,
                             "pending_timeout": "5s"},
                  "timeouts": {"connect": "6s", "idle": "7s"}},
            "b": {"endpoints": ["[::1]:2", "unix:/run/b.sock"], "health_check": {"type": "none"},
                  "outlier_detection": null,
                  "load_balancing": {"policy": "least_request", "hash_key": ["client_ip"],
                                     "slow_start": "0s", "panic_threshold": "12.5%"}}
        }
    })");
    INFO(joined(lines_of(loaded)));
    REQUIRE(loaded.config.has_value());
    const Config &config = *loaded.config;

    SUBCASE("at the top") {
        CHECK(config.workers == 4);
        CHECK(config.hash_seed == "of the fleet");
        CHECK(config.admin->address.path == "/run/uvoy/admin.sock");
        CHECK(config.admin->mode == 0660);
        REQUIRE(config.access_log.size() == 2);
        CHECK(config.access_log[0].path == "/var/log/uvoy/access.log");
        const std::vector<LogPart> parts{{.text = "100% ", .field = LogField::status},
                                         {.text = "|", .field = LogField::sent}};
        CHECK(config.access_log[0].format.parts == parts);
        CHECK(config.access_log[0].sample == Share{1'250});
        CHECK(config.access_log[0].only == LogOnly::errors);
        CHECK(config.access_log[1].path == "stdout");
        CHECK(config.access_log[1].format.is_json());
        CHECK(config.access_log[1].sample == Share{10'000});
        CHECK(config.access_log[1].only == LogOnly::all);
        CHECK(config.shutdown.drain_timeout == 0s);
        CHECK(config.limits.connections == 5000);
        CHECK(config.limits.memory == 1U << 30);
    }
    SUBCASE("of listeners") {
        REQUIRE(config.listeners.size() == 2);
        const Listener &web = config.listeners[0];
        CHECK(web.timeouts.headers == 1s);
        CHECK(web.timeouts.body == 2s);
        CHECK(web.timeouts.keepalive == 3s);
        CHECK(web.timeouts.write == 4s);
        CHECK(web.limits.header_bytes == 65536);
        CHECK(web.limits.headers == 10);
        CHECK(web.limits.target_bytes == 2000);
        CHECK(web.limits.connections == 11);
        CHECK(web.limits.connections_per_client == 13);
        CHECK(web.limits.requests_per_connection == 12);
        CHECK((web.trusted_proxies == std::vector<TrustedProxy>{{Network::parse("10.0.0.0/8")},
                                                                {Network::parse("::1/128")},
                                                                {std::nullopt}}));
        CHECK(web.normalize.dot_segments == Normalize::DotSegments::refuse);
        CHECK(web.normalize.encoded_slashes == Normalize::EncodedSlashes::decode);
        CHECK(web.normalize.unreserved == Normalize::Unreserved::keep);
        CHECK(web.normalize.encoded_controls == Normalize::EncodedControls::keep);
        CHECK(web.normalize.merge_slashes);
        CHECK(web.rate_limits == std::vector<std::size_t>{1});
        REQUIRE(config.listeners[1].addresses.size() == 3);
        CHECK(config.listeners[1].addresses[0].text() == "[::1]:81");
        CHECK(config.listeners[1].addresses[1].path == "/run/v6.sock");
        CHECK(config.listeners[1].addresses[2].descriptor == "a b/80");
        CHECK(config.listeners[1].addresses[2].text() == "fd:a b/80");
        CHECK(config.listeners[1].mode == 0666);
    }
    SUBCASE("of routes") {
        REQUIRE(config.routes.size() == 2);
        const Route &first = config.routes[0];
        CHECK(first.name == "static");
        CHECK(first.match.listener == 1);
        CHECK(first.match.host.kind == HostMatch::Kind::suffix);
        CHECK(first.match.host.text == ".example.com");
        CHECK(first.match.path.kind == PathMatch::Kind::prefix);
        CHECK(first.match.path.text == "/static/");
        CHECK(std::get<Forward>(first.action).cluster == 1);
        CHECK(first.timeout == 0s);
        CHECK(first.idle_timeout == 90s);
        CHECK(first.max_body == 10'000'000);
        CHECK(first.upgrades.empty());
        CHECK(first.rate_limits == std::vector<std::size_t>{1, 0});
        CHECK(first.retry.attempts == 3);
        CHECK(first.retry.on == std::vector{RetryOn{.kind = RetryOn::Kind::refused}});
        const std::vector<KeyPart> hash_key{
            {KeyPart::Source::host, {}},        {KeyPart::Source::header, "x-user"},
            {KeyPart::Source::query, "id"},     {KeyPart::Source::cookie, "Sticky", 1h},
            {KeyPart::Source::cookie, "s", 0s}, {KeyPart::Source::cookie, "b"}};
        REQUIRE(first.hash_key.has_value());
        CHECK((*first.hash_key == hash_key));
        CHECK_FALSE(first.access_log);

        const Route &second = config.routes[1];
        CHECK(second.name == "route-1");
        CHECK_FALSE(second.match.listener);
        CHECK(second.match.host.kind == HostMatch::Kind::exact);
        CHECK(second.match.host.text == "example.com");
        CHECK(second.match.path.kind == PathMatch::Kind::exact);
        CHECK_FALSE(second.hash_key.has_value());
        const Respond &respond = std::get<Respond>(second.action);
        CHECK(respond.status == 503);
        CHECK(respond.body == "two\nlines");
        REQUIRE(respond.headers.size() == 2);
        CHECK(respond.headers[0].first == "Content-Type");
        CHECK(respond.headers[0].second == "text/plain");
    }
    SUBCASE("of rate limits") {
        REQUIRE(config.rate_limits.size() == 2);
        const RateLimit &all = config.rate_limits[0];
        CHECK(all.name == "all");
        CHECK(all.rate.requests == 6000);
        CHECK(all.rate.per == 1min);
        CHECK(all.burst == 100);
        CHECK(all.key.empty());
        CHECK(all.status == 503);
        CHECK(all.table == 2048);
        CHECK(all.dry_run);
        const RateLimit &each = config.rate_limits[1];
        CHECK(each.burst == 7);
        REQUIRE(each.key.size() == 3);
        CHECK(each.key[1].source == KeyPart::Source::route);
        CHECK(each.key[2] == KeyPart{KeyPart::Source::cookie, "id"});
        CHECK_FALSE(each.dry_run);
    }
    SUBCASE("of clusters") {
        REQUIRE(config.clusters.size() == 2);
        const Cluster &a = config.clusters[0];
        CHECK(a.endpoints[0].name == "one");
        CHECK(a.endpoints[0].address.host == "db.internal");
        CHECK(a.endpoints[0].weight == 1000);
        CHECK(a.health_check.type == HealthCheck::Type::http);
        CHECK(a.health_check.path == "/up");
        CHECK(a.health_check.host == "up.example:80");
        CHECK(a.health_check.interval == 2s);
        CHECK(a.health_check.timeout == 1s);
        CHECK(a.health_check.healthy_after == 3);
        CHECK(a.health_check.unhealthy_after == 4);
        CHECK((a.health_check.status == std::vector<StatusRange>{{200, 299}, {404, 404}}));
        REQUIRE(a.outlier_detection.has_value());
        CHECK(a.outlier_detection->consecutive_failures == 0);
        CHECK(a.outlier_detection->failure_ratio.basis_points == 1250);
        CHECK(a.outlier_detection->latency_ratio == 4);
        CHECK(a.outlier_detection->eject == 10min);
        CHECK(a.outlier_detection->max_eject == 10min);  // not below `eject`
        CHECK(a.outlier_detection->max_ejected.basis_points == 10'000);
        CHECK(a.limits.connections == 1);
        CHECK(a.limits.requests == 2);
        CHECK(a.limits.pending == 0);
        CHECK(a.limits.pending_timeout == 5s);
        CHECK(a.timeouts.connect == 6s);
        CHECK(a.timeouts.idle == 7s);
        const Cluster &b = config.clusters[1];
        CHECK(b.endpoints[0].address.host == "::1");
        CHECK(b.endpoints[1].name == "unix:/run/b.sock");
        CHECK(b.health_check.type == HealthCheck::Type::none);
        CHECK_FALSE(b.outlier_detection.has_value());
        CHECK(b.load_balancing.policy == Policy::least_request);
        CHECK(
            (b.load_balancing.hash_key == std::vector<KeyPart>{{KeyPart::Source::client_ip, {}}}));
        CHECK(a.endpoints[0].priority == 15);
        CHECK(a.load_balancing.policy == Policy::maglev);
        CHECK(a.load_balancing.bounded_load == Factor{125});
        CHECK(a.load_balancing.slow_start == 10s);
        CHECK_FALSE(b.load_balancing.bounded_load);
        CHECK(b.load_balancing.slow_start == 0s);
        CHECK(b.load_balancing.panic_threshold.basis_points == 1250);
    }
}

TEST_CASE("a burst that is not given is the rate per second, at least one") {
    for (const auto &entry : std::vector<std::pair<std::string, std::uint32_t>>{
             {"100/s", 100}, {"6000/m", 100}, {"59/m", 1}, {"7200/h", 2}, {"1/h", 1}}) {
        const auto &rate = entry.first;
        const auto &burst = entry.second;
        CAPTURE(rate);
        const Loaded loaded = parse_for_test(file_with({.limit = R"("rate": ")" + rate + '"'}));
        REQUIRE(loaded.config.has_value());
        CHECK(loaded.config->rate_limits[0].burst == burst);
    }
}

TEST_CASE("a route may have any path that a listener of it lets through") {
    for (const std::string path :
         {R"({"prefix": "/a/.."})", R"({"prefix": "/."})", R"({"prefix": "/a%2"})", R"("/a%2Fb")",
          R"("/a%20b")", R"("/...")", R"("//")"}) {
        CAPTURE(path);
        const Loaded loaded = parse_for_test(
            file_with({.route = R"("cluster": "app", "match": {"path": )" + path + "}"}));
        CHECK(loaded.config.has_value());
    }
    const Loaded kept =
        parse_for_test(file_with({.listener = R"("normalize": {"dot_segments": "keep"})",
                                  .route = R"("cluster": "app", "match": {"path": "/a/../b"})"}));
    CHECK(kept.config.has_value());
}

TEST_CASE("null turns the admin API off and leaves no access log") {
    const Loaded loaded =
        parse_for_test(file_with({.top = R"("admin": null, "access_log": null)"}));
    REQUIRE(loaded.config.has_value());
    CHECK_FALSE(loaded.config->admin.has_value());
    CHECK(loaded.config->access_log.empty());
}

TEST_CASE("routes that only respond need no cluster") {
    const Loaded loaded = parse_for_test(R"({"listeners": {"w": {"address": "0.0.0.0:80"}},
        "clusters": {}, "routes": [{"respond": {}}]})");
    INFO(joined(lines_of(loaded)));
    REQUIRE(loaded.config.has_value());
    CHECK(std::get<Respond>(loaded.config->routes[0].action).status == 200);
}

}  // namespace uvoy::config
