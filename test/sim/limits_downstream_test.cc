#include "stage.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

// Each of a listener's timeouts and limits: when it acts, with which status and reason, and what is
// counted.  Times are seconds since the start.
namespace uvoy::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view empty_answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::uint64_t answers(const Stage &stage, Reason reason) {
    return stage.stats().process().responses_by_uvoy[reason].value();
}

std::uint64_t closed(const Stage &stage, Reason reason) {
    return stage.stats().process().connections_closed[reason].value();
}

/// A listener without a route's timeouts in its way.
config::Config patient() {
    config::Config config = Stage::config();
    config.routes[0].timeout = config.routes[0].idle_timeout = 0s;
    return config;
}

}  // namespace

TEST_CASE("timeouts.headers counts from the first byte of a head, and bytes do not prolong it") {
    Stage stage;
    Wire &client = stage.connect();
    stage.run_for(3s);
    stage.send(client, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 9; ++i) {
        stage.run_for(1s);
        stage.send(client, "X: 1\r\n");
    }
    CHECK(client.received.empty());
    stage.run_for(1s);
    CHECK(stage.outcomes() == "13.000 408 client_timeout");
    CHECK(client.received.starts_with("HTTP/1.1 408 "));
    CHECK(client.received.ends_with("408 Request Timeout: client_timeout\n"));
    CHECK(client.ended);
    stage.run_for(10s);
    CHECK(stage.closings() == "15.000");  // it has lingered
    CHECK(answers(stage, Reason::client_timeout) == 1);
    CHECK(closed(stage, Reason::client_timeout) == 1);
}

TEST_CASE("timeouts.body counts from the last byte of a body") {
    Stage stage{patient()};
    Wire &client = stage.connect();
    stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    stage.run_for(50s);
    stage.send(client, "d");
    stage.run_for(59'999ms);
    CHECK(stage.outcomes().empty());
    stage.run_for(1ms);
    CHECK(stage.outcomes() == "110.000 408 client_timeout");
    CHECK(client.received.starts_with("HTTP/1.1 408 "));
    CHECK(client.ended);
    CHECK(stage.endpoint(0).reset);
    CHECK(answers(stage, Reason::client_timeout) == 1);
}

TEST_CASE("timeouts.keepalive counts from the connection, and then from the last answer") {
    Stage stage;
    Wire &silent = stage.connect();
    Wire &client = stage.connect();
    stage.run_for(5s);
    stage.send(client, get);
    stage.send(stage.endpoint(0), empty_answer);
    stage.run_for(100s);
    CHECK(silent.received.empty());
    CHECK(stage.outcomes() == "5.000 200 ok");
    // The silent client, the endpoint's connection after timeouts.idle, and the other client.
    CHECK(stage.closings() == "35.000, 75.000, 80.000");
    CHECK_FALSE(silent.reset);
    CHECK(closed(stage, Reason::none) == 2);
    CHECK(stage.stats().listener(0).connections_active.value() == 0);
}

TEST_CASE("timeouts.write counts from the last byte that the client took") {
    Stage stage{patient()};
    Wire &client = stage.connect();
    client.takes = false;
    stage.send(client, get);
    stage.send(stage.endpoint(0), "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
    stage.send(stage.endpoint(0), std::string(100'000, 'x'));
    stage.run_for(60s - 1ms);
    CHECK(client.open);
    SUBCASE("which was none") {
        stage.run_for(1ms);
        CHECK(stage.outcomes() == "60.000 200 client_timeout");
    }
    SUBCASE("however few") {
        stage.take(client, 1);
        stage.run_for(60s);
        CHECK(client.open);
        stage.run_for(1ms);
        CHECK(stage.outcomes() == "120.000 200 client_timeout");
    }
    CHECK(client.reset);
    CHECK(closed(stage, Reason::client_timeout) == 1);
    CHECK(stage.endpoint(0).reset);
}

TEST_CASE("timeouts.write is the same for chunked responses, whose framing is uvoy's own") {
    Stage stage{patient()};
    Wire &client = stage.connect();
    client.takes = false;
    stage.send(client, get);
    stage.send(stage.endpoint(0), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 50; ++i)
        stage.send(stage.endpoint(0), "3e8\r\n" + std::string(1'000, 'x') + "\r\n");
    stage.run_for(60s);
    CHECK(stage.outcomes() == "60.000 200 client_timeout");
}

TEST_CASE("timeouts.write begins when what was put off is refused") {
    Stage stage{patient()};
    Wire &client = stage.connect();
    client.puts_off = true;
    client.takes = false;
    stage.send(client, get);
    stage.send(stage.endpoint(0), empty_answer);
    CHECK(client.queue.empty());
    stage.run_for(1s);
    stage.send_put_off(client);
    CHECK(client.queue.starts_with("HTTP/1.1 200 "));
    stage.run_for(60s - 1ms);
    CHECK(client.open);
    stage.run_for(1ms);
    CHECK_FALSE(client.open);
    CHECK(client.reset);
    CHECK(closed(stage, Reason::client_timeout) == 1);
}

TEST_CASE("an answer that was put off is not lost when its connection closes") {
    Stage stage{patient()};
    Wire &client = stage.connect();
    client.puts_off = true;
    client.takes = false;
    stage.send(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stage.send(stage.endpoint(0), empty_answer);
    CHECK(client.open);
    CHECK(client.ended);
    SUBCASE("but taken") {
        stage.run_for(59s);
        CHECK(client.open);
        stage.take(client, client.queue.size());
        CHECK(client.received.ends_with("\r\n\r\n"));
        CHECK_FALSE(client.reset);
        CHECK_FALSE(client.open);
    }
    SUBCASE("until timeouts.write, if nobody takes it") {
        stage.run_for(60s - 1ms);
        CHECK(client.open);
        stage.run_for(1ms);
        CHECK_FALSE(client.open);
        CHECK(client.reset);
    }
}

TEST_CASE("limits of a head are refused as soon as they are passed") {
    config::Config config = Stage::config();
    config.listeners[0].limits.header_bytes = 1'000;
    config.listeners[0].limits.headers = 3;
    config.listeners[0].limits.target_bytes = 100;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    SUBCASE("header_bytes") {
        stage.send(client, head + std::string(1'000 - head.size(), 'x'));
        CHECK(client.received.empty());
        stage.send(client, "x");
        CHECK(stage.outcomes() == "0.000 431 headers_too_large");
        CHECK(answers(stage, Reason::headers_too_large) == 1);
    }
    SUBCASE("headers") {
        stage.send(client, head + "1\r\nX: 2\r\nX: 3\r\n\r\n");
        CHECK(stage.outcomes() == "0.000 431 headers_too_large");
        CHECK(answers(stage, Reason::headers_too_large) == 1);
    }
    SUBCASE("target_bytes") {
        stage.send(client, "GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(stage.outcomes() == "0.000 414 target_too_long");
        CHECK(answers(stage, Reason::target_too_long) == 1);
    }
    CHECK(stage.dials() == 0);
    CHECK(client.ended);
}

TEST_CASE("limits of a head let everything up to them pass") {
    config::Config config = Stage::config();
    config.listeners[0].limits.header_bytes = 150;
    config.listeners[0].limits.headers = 3;
    config.listeners[0].limits.target_bytes = 101;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    std::string head = "GET /" + std::string(100, 'x') + " HTTP/1.1\r\nHost: a\r\nX:\r\nX: ";
    head += std::string(150 - 4 - head.size(), 'x') + "\r\n\r\n";
    stage.send(client, head);
    CHECK(stage.dials() == 1);
}

TEST_CASE("limits.connections turns away who is too many, and says so") {
    config::Config config = Stage::config();
    config.listeners[0].limits.connections = 1;
    Stage stage{std::move(config)};
    Wire &first = stage.connect();
    Wire &second = stage.connect();
    CHECK(first.received.empty());
    CHECK(second.received.starts_with("HTTP/1.1 503 "));
    CHECK(second.ended);
    CHECK(stage.outcomes() == "0.000 503 overflow_connections");
    CHECK(stage.stats().listener(0).connections_rejected.value() == 1);
    CHECK(answers(stage, Reason::overflow_connections) == 1);
    stage.run_for(76s);  // the first has left
    CHECK(stage.connect().received.empty());
}

TEST_CASE("limits.connections_per_client counts addresses, of IPv6 by the network") {
    config::Config config = Stage::config();
    config.listeners[0].limits.connections_per_client = 1;
    Stage stage{std::move(config)};
    CHECK(stage.connect("192.0.2.1").received.empty());
    CHECK(stage.connect("192.0.2.2").received.empty());
    CHECK(stage.connect("2001:db8::1").received.empty());
    CHECK(stage.connect("2001:db8:0:1::1").received.empty());
    CHECK(stage.connect("192.0.2.1").received.starts_with("HTTP/1.1 503 "));
    CHECK(stage.connect("2001:db8::2").received.starts_with("HTTP/1.1 503 "));
    CHECK(stage.outcomes() == "0.000 503 overflow_connections, 0.000 503 overflow_connections");
    CHECK(stage.stats().listener(0).connections_rejected.value() == 2);
    stage.run_for(76s);
    CHECK(stage.connect("192.0.2.1").received.empty());
}

TEST_CASE("no more than 64 are told at a time that they are too many") {
    config::Config config = Stage::config();
    config.listeners[0].limits.connections = 1;
    Stage stage{std::move(config)};
    stage.connect();
    for (int i = 0; i < 64; ++i) CHECK_FALSE(stage.connect().received.empty());
    Wire &late = stage.connect();
    CHECK(late.received.empty());
    CHECK_FALSE(late.open);
    stage.run_for(10s);
    CHECK_FALSE(stage.connect().received.empty());
    CHECK(stage.stats().listener(0).connections_rejected.value() == 66);
}

TEST_CASE("limits.requests_per_connection ends a connection with its last answer") {
    config::Config config = Stage::config();
    config.listeners[0].limits.requests_per_connection = 2;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    stage.send(client, get);
    stage.send(stage.endpoint(0), empty_answer);
    CHECK(client.received.find("Connection: close") == std::string::npos);
    stage.send(client, std::string{get} + std::string{get});
    stage.send(stage.endpoint(0), empty_answer);
    CHECK(client.received.find("Connection: close") != std::string::npos);
    CHECK(client.ended);
    CHECK(stage.outcomes() == "0.000 200 ok, 0.000 200 ok");
    stage.run_for(2s);
    CHECK_FALSE(client.open);
    CHECK(closed(stage, Reason::none) == 1);
}

TEST_CASE("limits.memory sheds new connections and new requests, and leaves running ones alone") {
    Stage stage;
    Wire &busy = stage.connect();
    Wire &idle = stage.connect();
    stage.send(busy, get);
    stage.runtime().overloaded() = true;
    CHECK(stage.connect().received.starts_with("HTTP/1.1 503 "));
    stage.send(idle, get);
    CHECK(idle.received.starts_with("HTTP/1.1 503 "));
    CHECK(idle.ended);
    stage.send(stage.endpoint(0), empty_answer);
    CHECK(busy.received.starts_with("HTTP/1.1 200 "));
    CHECK(stage.outcomes() == "0.000 503 overload, 0.000 503 overload, 0.000 200 ok");
    CHECK(answers(stage, Reason::overload) == 2);
    CHECK(stage.stats().listener(0).connections_rejected.value() == 1);
    stage.runtime().overloaded() = false;
    CHECK(stage.connect().received.empty());
}

}  // namespace uvoy::sim
