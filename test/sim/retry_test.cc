#include "stage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

// When a request is tried again, where, how soon, and when it is not.  Times are seconds since the
// start.
namespace uvoy::sim {

namespace {

using namespace std::chrono_literals;
using Kind = config::RetryOn::Kind;
using stats::RetryResult;

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view unavailable =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

/// Three endpoints, two retries, for all that may be retried, without back-off.
config::Config generous() {
    config::Config config = Stage::config();
    config.clusters[0].endpoints.push_back({.name = "two"});
    config.clusters[0].endpoints.push_back({.name = "three"});
    config::Retry &retry = config.routes[0].retry;
    retry.attempts = 2;
    retry.on.push_back({.kind = Kind::gateway_error});
    retry.on.push_back({.kind = Kind::timeout});
    retry.on.push_back({.kind = Kind::status, .status = 429});
    retry.backoff = {.first = 0ms, .longest = 0ms};
    return config;
}

std::uint64_t retries(const Stage &stage, RetryResult result) {
    return stage.stats().cluster(0).retries[result].value();
}

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++found;
    return found;
}

std::string body_of(const Wire &wire) {
    return wire.received.substr(wire.received.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("an answer of a status that is retried is never seen by the client") {
    Stage stage{generous()};
    Wire &client = stage.connect();
    stage.send(client, get);
    stage.send(stage.endpoint(0), unavailable);
    CHECK(client.received.empty());
    stage.run_for(10ms);
    REQUIRE(stage.dials() == 2);
    CHECK(stage.endpoint(0).received.find("X-Uvoy-Attempt") == std::string::npos);
    CHECK(count(stage.endpoint(1).received, "\r\nX-Uvoy-Attempt: 2\r\n") == 1);
    SUBCASE("if the next try is good") {
        stage.send(stage.endpoint(1), ok);
        CHECK(stage.outcomes() == "0.010 200 ok");
        CHECK(retries(stage, RetryResult::success) == 1);
    }
    SUBCASE("nor is a part of a head") {
        stage.send(stage.endpoint(1), "HTTP/1.1 200 OK\r\nContent-");
        stage.reset(stage.endpoint(1));
        stage.run_for(10ms);
        REQUIRE(stage.dials() == 3);
        stage.send(stage.endpoint(2), ok);
        CHECK(stage.outcomes() == "0.020 200 ok");
    }
    SUBCASE("unless it is the last, which is forwarded as it is") {
        stage.send(stage.endpoint(1), unavailable);
        stage.run_for(10ms);
        CHECK(count(stage.endpoint(2).received, "\r\nX-Uvoy-Attempt: 3\r\n") == 1);
        CHECK(count(stage.endpoint(2).received, "X-Uvoy-Attempt") == 1);
        stage.send(stage.endpoint(2), unavailable);
        CHECK(client.received.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
        CHECK(client.received.ends_with("\r\n\r\nbusy"));
    }
    // The first connection was read to the end of what nobody wanted, and serves the next request.
    CHECK(stage.endpoint(0).open);
    stage.send(client, get);
    CHECK(stage.dials() <= 3);
    CHECK(count(stage.endpoint(0).received, "GET / ") == 2);
}

TEST_CASE("a connection is given up where the rest of an unwanted answer is long or late") {
    Stage stage{generous()};
    Wire &client = stage.connect();
    stage.send(client, get);
    SUBCASE("long") {
        stage.send(stage.endpoint(0),
                   "HTTP/1.1 503 No\r\nContent-Length: 1000000\r\n\r\n" + std::string(70'000, 'x'));
        CHECK(stage.endpoint(0).reset);
    }
    SUBCASE("late") {
        stage.send(stage.endpoint(0), "HTTP/1.1 503 No\r\nContent-Length: 10\r\n\r\n");
        stage.run_for(900ms);
        CHECK(stage.endpoint(0).open);
        stage.run_for(200ms);
        CHECK_FALSE(stage.endpoint(0).open);
    }
    SUBCASE("followed by more") {
        stage.send(stage.endpoint(0), std::string{unavailable} + "x");
        CHECK(stage.endpoint(0).reset);
    }
    stage.run_for(10ms);
    stage.send(stage.endpoint(1), ok);
    CHECK(client.received.starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a request that may have been processed and is not idempotent is never retried") {
    Stage stage{generous()};
    Wire &client = stage.connect();
    SUBCASE("not after an answer") {
        stage.send(client, post);
        stage.send(stage.endpoint(0), unavailable);
        CHECK(client.received.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
        CHECK(stage.dials() == 1);
    }
    SUBCASE("not after a reset") {
        stage.send(client, post);
        stage.reset(stage.endpoint(0));
        CHECK(stage.outcomes() == "0.000 502 reset_before_headers");
        CHECK(stage.dials() == 1);
    }
    SUBCASE("but at once where no connection stood") {
        stage.refuse(1);
        stage.send(client, post);
        REQUIRE(stage.dials() == 2);
        CHECK(stage.endpoint(1).received.ends_with("hi"));
    }
}

TEST_CASE("per_try_timeout counts from the whole request, for each try") {
    config::Config config = generous();
    config.routes[0].retry.per_try_timeout = 1s;
    SUBCASE("and the next endpoint is asked") {
        Stage stage{std::move(config)};
        Wire &client = stage.connect();
        stage.send(client, get);
        stage.run_for(1s);
        CHECK(stage.endpoint(0).reset);
        stage.run_for(10ms);
        REQUIRE(stage.dials() == 2);
        stage.send(stage.endpoint(1), ok);
        CHECK(stage.outcomes() == "1.010 200 ok");
        CHECK(stage.stats().endpoint(0).failures[Reason::first_byte_timeout].value() == 1);
    }
    SUBCASE("until there are no tries left") {
        Stage stage{std::move(config)};
        Wire &client = stage.connect();
        stage.send(client, get);
        stage.run_for(10s);
        CHECK(stage.outcomes() == "3.008 504 first_byte_timeout");
        CHECK(retries(stage, RetryResult::exhausted) == 1);
        CHECK(client.open);
    }
    SUBCASE("a client that sends slowly has its own time") {
        Stage stage{std::move(config)};
        Wire &client = stage.connect();
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh");
        stage.run_for(5s);
        CHECK(stage.dials() == 1);
        stage.send(client, "i");
        stage.run_for(1010ms);
        REQUIRE(stage.dials() == 2);
        CHECK(stage.endpoint(1).received.ends_with("\r\n\r\nhi"));
    }
    SUBCASE("it bounds connecting, too") {
        Stage stage{std::move(config)};
        stage.black_hole();
        Wire &client = stage.connect();
        stage.send(client, get);
        stage.run_for(1s);
        CHECK(stage.dials() == 2);
        stage.run_for(5s);
        CHECK(stage.outcomes() == "3.004 504 connect_timeout");
    }
    SUBCASE("but not the wait for a connection of another") {
        config.clusters[0].limits.connections = 1;
        config.clusters[0].limits.pending_timeout = 5s;
        Stage stage{std::move(config)};
        Wire &first = stage.connect();
        Wire &second = stage.connect();
        stage.send(first, get);
        stage.run_for(800ms);
        stage.send(second, get);
        stage.run_for(100ms);
        stage.send(stage.endpoint(0), ok);
        stage.run_for(950ms);
        stage.send(stage.endpoint(0), ok);
        CHECK(stage.outcomes() == "0.900 200 ok, 1.850 200 ok");
        CHECK(stage.dials() == 1);
    }
    SUBCASE("and never an answer that has begun") {
        Stage stage{std::move(config)};
        Wire &client = stage.connect();
        stage.send(client, get);
        stage.send(stage.endpoint(0), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
        stage.run_for(20s);
        CHECK(stage.outcomes().empty());
        CHECK(stage.dials() == 1);
    }
}

TEST_CASE("the body of an idempotent request is sent again if it fits the buffer") {
    config::Config config = generous();
    config.routes[0].retry.buffer = 10;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    SUBCASE("of a known length") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123");
        stage.send(client, "456789");
        stage.reset(stage.endpoint(0));
        stage.run_for(10ms);
        REQUIRE(stage.dials() == 2);
        CHECK(body_of(stage.endpoint(1)) == "0123456789");
    }
    SUBCASE("and goes on where the first try broke off") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123");
        stage.reset(stage.endpoint(0));
        stage.send(client, "456");
        stage.run_for(10ms);
        REQUIRE(stage.dials() == 2);
        stage.send(client, "789");
        CHECK(body_of(stage.endpoint(1)) == "0123456789");
    }
    SUBCASE("in chunks") {
        stage.send(client,
                   "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        stage.send(client, "0\r\n\r\n");
        stage.reset(stage.endpoint(0));
        stage.run_for(10ms);
        REQUIRE(stage.dials() == 2);
        CHECK(body_of(stage.endpoint(1)) == "2\r\nab\r\n0\r\n\r\n");
    }
    SUBCASE("but not a longer one") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n0123456789x");
        stage.reset(stage.endpoint(0));
        CHECK(stage.outcomes() == "0.000 502 reset_before_headers");
    }
    SUBCASE("nor one that turns out longer") {
        stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 6; ++i) stage.send(client, "2\r\nab\r\n");
        stage.send(client, "0\r\n\r\n");
        CHECK(count(stage.endpoint(0).received, "ab") == 6);
        stage.reset(stage.endpoint(0));
        CHECK(stage.outcomes() == "0.000 502 reset_before_headers");
    }
}

TEST_CASE("a retry reads on where the first try's back pressure had stopped the client") {
    config::Config config = generous();
    config.routes[0].retry.buffer = 1'000'000;
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n0");
    stage.endpoint(0).takes = false;
    stage.send(client, std::string(100'000, 'x'));
    CHECK(client.paused);
    stage.reset(stage.endpoint(0));
    stage.run_for(10ms);
    REQUIRE(stage.dials() == 2);
    CHECK_FALSE(client.paused);
    stage.send(client, std::string(199'999, 'x'));
    CHECK(body_of(stage.endpoint(1)).size() == 300'000);
}

TEST_CASE("a client is told to continue once, however many endpoints say so") {
    Stage stage{generous()};
    Wire &client = stage.connect();
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    stage.send(client,
               "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    stage.send(stage.endpoint(0), go_on);
    CHECK(count(client.received, "HTTP/1.1 100 Continue\r\n") == 1);
    stage.send(client, "hi");
    SUBCASE("whose first lost the connection") { stage.reset(stage.endpoint(0)); }
    SUBCASE("whose first was busy") { stage.send(stage.endpoint(0), unavailable); }
    stage.run_for(10ms);
    REQUIRE(stage.dials() == 2);
    CHECK(stage.endpoint(1).received.ends_with("\r\n\r\nhi"));
    stage.send(stage.endpoint(1), std::string{go_on} + std::string{ok});
    CHECK(count(client.received, "HTTP/1.1 100 Continue\r\n") == 1);
    CHECK(client.received.find("HTTP/1.1 200 OK\r\n") != std::string::npos);
    // The next request's own is another matter.
    stage.send(client,
               "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    stage.send(stage.endpoint(stage.endpoint(0).open ? 0 : 2), go_on);
    CHECK(count(client.received, "HTTP/1.1 100 Continue\r\n") == 2);
}

TEST_CASE("a back-off is random, from nothing up to its limit, which doubles") {
    config::Config config = generous();
    config.routes[0].retry.backoff = {.first = 100ms, .longest = 150ms};
    Stage stage{std::move(config)};
    int early = 0;
    int late = 0;
    for (int i = 0; i < 60; ++i) {
        CAPTURE(i);
        Wire &client = stage.connect();
        const std::size_t dials = stage.dials();
        stage.send(client, get);
        // Whichever connection took the request breaks.
        for (std::size_t j = 0; j < stage.dials(); ++j) stage.reset(stage.endpoint(j));
        stage.run_for(20ms);
        early += stage.dials() > dials + 1 ? 1 : 0;
        stage.run_for(60ms);
        late += stage.dials() == dials + 1 ? 1 : 0;
        stage.run_for(25ms);
        REQUIRE(stage.dials() == dials + 2);
        for (std::size_t j = 0; j < stage.dials(); ++j) stage.reset(stage.endpoint(j));
        stage.run_for(155ms);
        REQUIRE(stage.dials() == dials + 3);
        for (std::size_t j = 0; j < stage.dials(); ++j) stage.reset(stage.endpoint(j));
    }
    CHECK(early > 3);
    CHECK(late > 3);
}

TEST_CASE("retries beyond the budget wait for room, and not for ever") {
    config::Config config = generous();
    config.clusters[0].retry_budget = {.ratio = {0}, .min = 1};
    Stage stage{std::move(config)};
    Wire &first = stage.connect();
    Wire &second = stage.connect();
    stage.send(first, get);
    stage.send(second, get);
    stage.reset(stage.endpoint(0));
    stage.reset(stage.endpoint(1));
    stage.run_for(100ms);
    REQUIRE(stage.dials() == 3);
    CHECK(stage.runtime().cluster(0).retries == 1);
    SUBCASE("the other goes when the first has its answer") {
        stage.send(stage.endpoint(2), ok);
        stage.run_for(10ms);
        CHECK(stage.endpoint(2).received.size() > 0);
        const bool reused = count(stage.endpoint(2).received, "GET / ") == 2;
        CHECK((reused || stage.dials() == 4));
        CHECK(stage.runtime().cluster(0).retries == 1);
    }
    SUBCASE("or ends after pending_timeout") {
        stage.run_for(2s);
        CHECK(stage.outcomes().find("503 retry_budget_spent") != std::string::npos);
        CHECK(retries(stage, RetryResult::budget) == 1);
    }
    SUBCASE("a client that leaves takes its place with it") {
        stage.reset(first);
        stage.reset(second);
        CHECK(stage.runtime().cluster(0).retries == 0);
    }
}

TEST_CASE("time-outs stop retries of a cluster that is late as a whole, not of one endpoint") {
    constexpr int clients = 80;
    config::Config config = generous();
    config.routes[0].retry.per_try_timeout = 1s;
    config.clusters[0].retry_budget = {.ratio = {10'000}, .min = 1};
    config.clusters[0].limits.pending_timeout = 100ms;
    Stage stage{std::move(config)};
    for (int i = 0; i < clients; ++i) stage.send(stage.connect(), get);
    REQUIRE(stage.dials() == clients);
    SUBCASE("all of it is late") {
        stage.run_for(1200ms);
        CHECK(count(stage.outcomes(), "retry_budget_spent") >= clients / 4);
    }
    SUBCASE("the one that is late is out") {
        stage.put_out(0);
        stage.run_for(1200ms);
        CHECK(stage.outcomes().empty());
        CHECK(stage.dials() == 2 * clients);
    }
}

TEST_CASE("without room in the budget the answer of the endpoint is the client's") {
    config::Config config = generous();
    config.clusters[0].retry_budget = {.ratio = {0}, .min = 0};
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    stage.send(client, get);
    stage.send(stage.endpoint(0), unavailable);
    CHECK(client.received.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(client.received.ends_with("\r\n\r\nbusy"));
}

TEST_CASE("the route's timeout ends a back-off") {
    config::Config config = generous();
    config.routes[0].timeout = 1s;
    config.routes[0].retry.backoff = {.first = 24h, .longest = 24h};
    Stage stage{std::move(config)};
    Wire &client = stage.connect();
    stage.send(client, get);
    stage.reset(stage.endpoint(0));
    stage.run_for(2s);
    CHECK(stage.outcomes() == "1.000 504 route_timeout");
    CHECK(client.open);
}

TEST_CASE("a client cannot say which attempt a request is") {
    Stage stage{generous()};
    Wire &client = stage.connect();
    stage.send(client, "GET / HTTP/1.1\r\nHost: a\r\nX-Uvoy-Attempt: 7\r\n\r\n");
    CHECK(count(stage.endpoint(0).received, "X-Uvoy-Attempt") == 0);
}

TEST_CASE("an answer that the route's own clock cuts is no failure of its endpoint") {
    config::Config config = generous();
    config.routes[0].timeout = 3s;
    config.routes[0].idle_timeout = 1s;
    Stage stage{std::move(config)};
    const cluster::Endpoint &endpoint = *stage.runtime().cluster(0).endpoints[0];
    Wire &client = stage.connect();
    stage.send(client, get);
    stage.send(stage.endpoint(0), "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    SUBCASE("of a stream that flows") {
        for (int i = 0; i < 10; ++i) {
            stage.run_for(500ms);
            stage.send(stage.endpoint(0), "x");
        }
        CHECK(stage.outcomes() == "3.000 200 route_timeout");
    }
    SUBCASE("of one that is silent") {
        stage.run_for(2s);
        CHECK(stage.outcomes() == "1.000 200 idle_timeout");
    }
    CHECK(endpoint.failures_in_row == 0);
    CHECK(stage.stats().endpoint(0).cut_by_clock.value() == 1);
}

TEST_CASE("a client that stalls in its body is late, not the endpoint that waits for it") {
    config::Config config = generous();
    config.routes[0].idle_timeout = 1s;
    Stage stage{std::move(config)};
    const cluster::Endpoint &endpoint = *stage.runtime().cluster(0).endpoints[0];
    Wire &client = stage.connect();
    stage.send(client, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx");
    stage.run_for(2s);
    CHECK(stage.outcomes() == "1.000 408 client_timeout");
    CHECK(endpoint.failures_in_row == 0);
}

TEST_CASE("failures in a row count until an endpoint answers well") {
    Stage stage{generous()};
    const cluster::Endpoint &endpoint = *stage.runtime().cluster(0).endpoints[0];
    Wire &client = stage.connect();
    stage.send(client, get);
    stage.send(stage.endpoint(0), unavailable);
    CHECK(endpoint.failures_in_row == 1);
    stage.run_for(10ms);
    stage.send(stage.endpoint(1), ok);
    stage.send(client, get);
    SUBCASE("with a good answer") {
        stage.send(stage.endpoint(0), ok);
        CHECK(endpoint.failures_in_row == 0);
    }
    SUBCASE("and with none") {
        stage.send(stage.endpoint(0), "H");
        stage.reset(stage.endpoint(0));
        CHECK(endpoint.failures_in_row == 2);
    }
    SUBCASE("but not when an idle connection was closed") {
        stage.reset(stage.endpoint(0));
        CHECK(endpoint.failures_in_row == 1);
    }
}

}  // namespace uvoy::sim
