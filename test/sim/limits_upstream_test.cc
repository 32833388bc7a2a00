#include "stage.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

// Each timeout and limit of a route and of a cluster: when it acts, with which status and reason,
// and what is counted.  Times are seconds since the start.
namespace uvoy::sim {

namespace {

using namespace std::chrono_literals;
using stats::ConnectResult;
using stats::Overflow;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view empty_answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::uint64_t answers(const Stage &stage, Reason reason) {
    return stage.stats().process().responses_by_uvoy[reason].value();
}

std::uint64_t failures(const Stage &stage, Reason reason) {
    return stage.stats().endpoint(0).failures[reason].value();
}

std::uint64_t overflows(const Stage &stage, Overflow which) {
    return stage.stats().cluster(0).overflows[which].value();
}

/// One try a request.
config::Config single() {
    config::Config config = Stage::config();
    config.routes[0].retry.attempts = 0;
    return config;
}

}  // namespace

TEST_CASE("route.timeout ends an exchange however much is still flowing") {
    Stage stage;
    Wire &client = stage.connect();
    stage.run_for(1s);
    stage.send(client, get);
    SUBCASE("with 504 while there is no answer") {
        stage.run_for(40s);
        CHECK(stage.outcomes() == "31.000 504 route_timeout");
        CHECK(client.received.starts_with("HTTP/1.1 504 "));
        CHECK(client.open);
        CHECK(answers(stage, Reason::route_timeout) == 1);
    }
    SUBCASE("with a cut behind the head of one") {
        stage.send(stage.endpoint(0), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        for (int i = 0; i < 40; ++i) {
            stage.run_for(1s);
            stage.send(stage.endpoint(0), "x");
        }
        CHECK(stage.outcomes() == "31.000 200 route_timeout");
        CHECK(client.reset);
        CHECK(answers(stage, Reason::route_timeout) == 0);
    }
    CHECK(stage.endpoint(0).reset);
    CHECK(failures(stage, Reason::route_timeout) == 1);
}

TEST_CASE("route.timeout is the client's fault where the client is late") {
    Stage stage;
    Wire &client = stage.connect();
    stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 40; ++i) {
        stage.run_for(1s);
        stage.send(client, "x");
    }
    CHECK(stage.outcomes() == "30.000 408 client_timeout");
    CHECK(failures(stage, Reason::route_timeout) == 0);
}

TEST_CASE("route.idle_timeout counts from the last byte in either direction") {
    config::Config config = Stage::config();
    config.routes[0].timeout = 0s;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    stage.send(client, get);
    SUBCASE("with 504 while there is no answer") {
        stage.run_for(70s);
        CHECK(stage.outcomes() == "60.000 504 idle_timeout");
        CHECK(client.received.starts_with("HTTP/1.1 504 "));
        CHECK(answers(stage, Reason::idle_timeout) == 1);
    }
    SUBCASE("with a cut behind the head of one") {
        stage.run_for(50s);
        stage.send(stage.endpoint(0), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        stage.run_for(50s);
        stage.send(stage.endpoint(0), "x");
        stage.run_for(70s);
        CHECK(stage.outcomes() == "160.000 200 idle_timeout");
        CHECK(client.reset);
    }
    CHECK(stage.endpoint(0).reset);
    CHECK(failures(stage, Reason::idle_timeout) == 1);
}

TEST_CASE("route.max_body refuses a length above it before any endpoint is asked") {
    config::Config config = Stage::config();
    config.routes[0].max_body = 10;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    SUBCASE("but not one that is just it") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
        CHECK(stage.outcomes().empty());
        CHECK(stage.dials() == 1);
    }
    SUBCASE("by Content-Length") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
        CHECK(client.received.starts_with("HTTP/1.1 413 "));
        CHECK(stage.dials() == 0);
        stage.send(client, "0123456789x");
        CHECK(stage.outcomes() == "0.000 413 body_too_large");
        CHECK_FALSE(client.ended);
        CHECK(answers(stage, Reason::body_too_large) == 1);
    }
    SUBCASE("and chunks once they have passed it") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        stage.send(client, "a\r\n0123456789\r\n");
        CHECK(stage.outcomes().empty());
        stage.send(client, "1\r\nx\r\n");
        CHECK(stage.outcomes() == "0.000 413 body_too_large");
        CHECK(stage.endpoint(0).reset);
        CHECK(client.ended);
        CHECK(answers(stage, Reason::body_too_large) == 1);
    }
}

TEST_CASE("the cluster's timeouts.connect gives up on an endpoint that does not answer") {
    Stage stage{single()};
    stage.black_hole();
    Wire &client = stage.connect();
    stage.run_for(1s);
    stage.send(client, get);
    stage.run_for(10s);
    CHECK(stage.outcomes() == "3.000 504 connect_timeout");
    CHECK(client.received.starts_with("HTTP/1.1 504 "));
    CHECK(stage.stats().cluster(0).connects[ConnectResult::timeout].value() == 1);
    CHECK(failures(stage, Reason::connect_timeout) == 1);
    CHECK(answers(stage, Reason::connect_timeout) == 1);
}

TEST_CASE("the cluster's timeouts.idle counts from the last answer of a connection") {
    Stage stage;
    Wire &client = stage.connect();
    for (int i = 0; i < 2; ++i) {
        stage.send(client, get);
        stage.run_for(5s);
        stage.send(stage.endpoint(0), empty_answer);
    }
    CHECK(stage.stats().cluster(0).connections_idle.value() == 1);
    stage.run_for(35s);
    CHECK(stage.closings() == "40.000");
    CHECK(stage.dials() == 1);
    CHECK(stage.stats().cluster(0).reuses.value() == 1);
    CHECK(stage.stats().cluster(0).connections_idle.value() == 0);
}

TEST_CASE("the cluster's limits.connections makes requests wait for a connection") {
    config::Config config = single();
    config.clusters[0].limits.connections = 1;
    Stage stage{std::move(config)};
    Wire &first = stage.connect();
    Wire &second = stage.connect();
    stage.send(first, get);
    stage.send(second, get);
    CHECK(stage.dials() == 1);
    CHECK(stage.stats().cluster(0).pending.value() == 1);
    CHECK(overflows(stage, Overflow::connections) == 1);
    SUBCASE("until one is free") {
        stage.run_for(500ms);
        stage.send(stage.endpoint(0), empty_answer);
        stage.send(stage.endpoint(0), empty_answer);
        CHECK(stage.outcomes() == "0.500 200 ok, 0.500 200 ok");
        CHECK(second.received.starts_with("HTTP/1.1 200 "));
        CHECK(stage.dials() == 1);
    }
    SUBCASE("or limits.pending_timeout is over") {
        stage.run_for(10s);
        CHECK(stage.outcomes() == "1.000 503 overflow_pending");
        CHECK(second.received.starts_with("HTTP/1.1 503 "));
        CHECK(overflows(stage, Overflow::pending) == 1);
        CHECK(answers(stage, Reason::overflow_pending) == 1);
    }
    CHECK(stage.stats().cluster(0).pending.value() == 0);
}

TEST_CASE("the cluster's limits.pending turns requests away at once") {
    config::Config config = single();
    config.clusters[0].limits.connections = 1;
    config.clusters[0].limits.pending = 1;
    Stage stage{std::move(config)};
    for (int i = 0; i < 2; ++i) stage.send(stage.connect(), get);
    Wire &third = stage.connect();
    stage.send(third, get);
    CHECK(stage.outcomes() == "0.000 503 overflow_pending");
    CHECK(third.received.starts_with("HTTP/1.1 503 "));
    CHECK(overflows(stage, Overflow::pending) == 1);
    CHECK(answers(stage, Reason::overflow_pending) == 1);
}

TEST_CASE("the cluster's limits.requests turns requests away at once") {
    config::Config config = single();
    config.clusters[0].limits.requests = 1;
    Stage stage{std::move(config)};
    stage.send(stage.connect(), get);
    Wire &second = stage.connect();
    stage.send(second, get);
    CHECK(stage.outcomes() == "0.000 503 overflow_requests");
    CHECK(second.received.starts_with("HTTP/1.1 503 "));
    CHECK(stage.dials() == 1);
    CHECK(overflows(stage, Overflow::requests) == 1);
    CHECK(answers(stage, Reason::overflow_requests) == 1);
    stage.send(stage.endpoint(0), empty_answer);
    stage.send(second, get);
    CHECK(overflows(stage, Overflow::requests) == 1);
}

}  // namespace uvoy::sim
