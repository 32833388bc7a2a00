#include "server/explain.h"

#include "config/load.h"

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

}  // namespace uvoy::server
