#include "server/explain.h"

#include "config/load.h"
#include "server/admin_explain.h"
#include "view.h"

#include <doctest/doctest.h>

#include <stdexcept>

namespace uvoy::server {

namespace {

config::Config example() {
    config::Loaded loaded = config::parse(R"({
        "listeners": {"web": {"address": "0.0.0.0:3000", "trusted_proxies": ["127.0.0.1"],
                              "rate_limits": ["each"]},
                      "other": {"address": "0.0.0.0:3001"}},
        "clusters": {"app": {"endpoints": ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"],
                             "load_balancing": {"hash_key": ["client_ip", {"header": "x-a"}]}}},
        "routes": [{"name": "elsewhere", "match": {"listener": "other"}, "cluster": "app"},
                   {"name": "all", "cluster": "app"}],
        "rate_limits": {"each": {"rate": "1/s", "key": ["host"]}},
        "hash_seed": "s"
    })");
    REQUIRE(loaded.config);
    return *loaded.config;
}

}  // namespace

TEST_CASE("an explanation names the parts of the keys, and the client that a proxy tells of") {
    const auto told = explain(example(), {.method = "GET",
                                          .url = "http://Shop.example/a?b#c",
                                          .headers = {"X-Forwarded-For: 192.0.2.7", "X-A: 1"},
                                          .down = {}});
    CHECK(told.routed);
    CHECK(told.json["client"] == "192.0.2.7");
    CHECK(told.json["path"] == "/a");
    CHECK(told.json["routes"][0]["why_not"] == "another listener");
    CHECK(told.json["route"] == "all");
    CHECK(told.json["key"][0]["value"] == "192.0.2.7");
    CHECK(told.json["key"][1]["name"] == "x-a");
    CHECK(told.json["key"][1]["value"] == "1");
    CHECK(told.json["rate_limits"][0]["name"] == "each");
    CHECK(told.json["choices"].size() == 3);
    CHECK(told.json["choices"][0]["endpoint"] == told.json["endpoint"]);
}

TEST_CASE("a request that announces a body is explained without it, and so is one of no path") {
    for (const char *framing : {"Content-Length: 5", "Content-Length: 100000", "X: y"}) {
        CAPTURE(framing);
        const auto told = explain(example(), {.method = "POST",
                                              .url = "http://shop.example/a",
                                              .headers = {framing},
                                              .down = {},
                                              .client = "192.0.2.9"});
        CHECK(told.routed);
        CHECK(told.json["path"] == "/a");
        CHECK(told.json["client"] == "192.0.2.9");
    }
    const auto told =
        explain(example(), {.method = "OPTIONS", .url = "*", .headers = {}, .down = {}});
    CHECK(told.json["path"] != "/*");
}

TEST_CASE("the listener is that of the URL's port") {
    const auto told =
        explain(example(), {.method = "GET", .url = "http://x:3001/", .headers = {}, .down = {}});
    CHECK(told.json["listener"] == "other");
    CHECK(told.json["route"] == "elsewhere");
    CHECK(told.json["key"][1]["value"].is_null());
}

TEST_CASE("with most endpoints out a panic is told, and the home of the key serves") {
    const Question all{.method = "GET", .url = "/", .headers = {}, .down = {}};
    Question two_out = all;
    two_out.down = {"10.0.0.1:80", "10.0.0.2:80"};
    const auto told = explain(example(), two_out);
    CHECK(told.json["panic"] == true);
    CHECK(told.json["endpoint"] == explain(example(), all).json["endpoint"]);
    two_out.down = {"10.0.0.9:80"};
    CHECK_THROWS_AS(explain(example(), two_out), std::invalid_argument);
}

TEST_CASE("endpoints that DNS tells are not known, but the key and its hash are") {
    for (const auto policy :
         {config::Policy::ring_hash, config::Policy::maglev, config::Policy::round_robin}) {
        config::Config config = example();
        config::Cluster &cluster = config.clusters[0];
        cluster.endpoints.clear();
        cluster.load_balancing.policy = policy;
        cluster.load_balancing.bounded_load = config::Factor{150};
        cluster.discovery.emplace();
        cluster.discovery->dns = {.host = "api.internal", .port = 80, .path = {}};
        Question question{.method = "GET", .url = "/", .headers = {}, .down = {}};
        const auto told = explain(config, question);
        CHECK(told.json["discovery"]["dns"] == "api.internal:80");
        CHECK(told.json["hash"] == explain(example(), question).json["hash"]);
        CHECK(told.json["endpoint"].is_null());
        CHECK(explanation_text(told.json).find("DNS, not asked here") != std::string::npos);
        question.down = {"10.0.0.1:80"};
        CHECK_THROWS_AS(explain(config, question), std::invalid_argument);
    }
}

TEST_CASE("what is refused has no route") {
    const auto told =
        explain(example(), {.method = "GET", .url = "/", .headers = {"Bad Name: 1"}, .down = {}});
    CHECK_FALSE(told.routed);
    CHECK(told.json["refused"]["status"] == 400);
    CHECK(explanation_text(told.json).find("refused") != std::string::npos);
}

TEST_CASE("the running process is asked with its own seed and with its endpoints as they are") {
    const Question question{.method = "GET", .url = "http://x/a", .headers = {}, .down = {}};
    config::Config config = small_config();
    for (config::Route &route : config.routes) route.action = config::Forward{0};
    Scene scene{std::move(config)};
    const auto well = explain(scene.view(), question);
    CHECK(well.routed);
    CHECK(well.json["seeded"] == true);
    CHECK(well.json["healthy"] == 3);
    CHECK(well.json["choices"][0]["passed_over"] == "");
    const std::string first = well.json["endpoint"];
    CHECK(well.json["choices"][0]["endpoint"] == first);
    const auto index = static_cast<std::uint16_t>(first[0] - 'a');
    scene.fail({0, index}, TimePoint{std::chrono::hours{2}});
    const auto ill = explain(scene.view(), question);
    CHECK(ill.json["healthy"] == 2);
    CHECK(ill.json["choices"][0]["passed_over"] == "out");
    CHECK(ill.json["endpoint"] == well.json["choices"][1]["endpoint"]);
    CHECK(ill.json["hash"] == well.json["hash"]);
}

TEST_CASE("asking where a request would go counts nothing") {
    config::Config config = small_config();
    config.listeners[0].rate_limits = {0};
    Scene scene{std::move(config)};
    for (int i = 0; i < 10; ++i)
        CHECK(explain_answer(scene.view(), R"({"url": "http://x/a"})").status == 200);
    CHECK(scene.totals.listener(0).connections_total == 0);
    CHECK(scene.totals.limit(0).admitted == 0);
    CHECK(scene.totals.requests(0, 0, 0, 2) + scene.totals.requests(0, 0, 0, 5) == 0);
    CHECK(scene.runtime.counts(0).connections == 0);
    CHECK(scene.runtime.endpoint({0, 0}).in_flight == 0);
    CHECK(scene.recorders[0]->read().empty());
}

TEST_CASE("a question that cannot be asked is refused") {
    const Scene scene;
    for (const char *good :
         {R"({"url": "/"})", R"({"url": "http://[::1]:3000/a?b", "method": "POST"})",
          R"({"url": "/", "headers": [["X-A", "1"], ["X-A", ""]], "client": "2001:db8::1"})"})
        CHECK_MESSAGE(explain_answer(scene.view(), good).status == 200, good);
    for (const char *bad :
         {"", "[]", "null", "GET / HTTP/1.1", "{}", R"({"url": ""})", R"({"url": 1})",
          R"({"url": "/", "x": 1})", R"({"url": "/", "headers": {}})",
          R"({"url": "/", "headers": ["A: b"]})", R"({"url": "/", "headers": [["a"]]})",
          R"({"url": "/", "headers": [["a", 1]]})", R"({"url": "/", "client": "localhost"})",
          R"({"url": "/", "method": "GET /x HTTP/1.1\r\n\r\nGET"})",
          R"({"url": "/ HTTP/1.1\r\nHost: a\r\n\r\n"})",
          R"({"url": "/", "headers": [["a", "b\r\n\r\nGET /evil HTTP/1.1"]]})",
          R"({"url": "/\u0000"})", R"({"url": "/", "down": ["a"]})"})
        CHECK_MESSAGE(explain_answer(scene.view(), bad).status == 400, bad);
}

}  // namespace uvoy::server
