#include "stage.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

// When a request may use a connection that was idle, and what becomes of it if that held an answer
// that nobody had asked for.
namespace uvoy::sim {

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

/// One connection to the endpoint has carried a request and is idle.
struct Idle {
    explicit Idle(config::Config config = Stage::config()) : stage{std::move(config), true} {
        stage.begin_turn();
        stage.send(client, get);
        stage.end_turn();
        stage.begin_turn();
        stage.end_turn();
        stage.begin_turn();
        stage.send(stage.endpoint(0), ok);
        stage.end_turn();
        REQUIRE(std::exchange(client.received, {}).ends_with("ok"));
        REQUIRE(std::exchange(stage.endpoint(0).received, {}).starts_with("GET"));
        REQUIRE(stage.dials() == 1);
    }

    /// What the endpoint has been sent on its connection `index`.
    std::string_view asked(std::size_t index = 0) { return stage.endpoint(index).received; }

    Stage stage;
    Wire &client = stage.connect();
};

}  // namespace

TEST_CASE("what may be repeated goes out at once, other requests when the turn ends") {
    Idle idle;
    idle.stage.begin_turn();
    SUBCASE("GET") {
        idle.stage.send(idle.client, get);
        CHECK(idle.asked().starts_with("GET"));
    }
    SUBCASE("POST") {
        idle.stage.send(idle.client, post);
        CHECK(idle.asked().empty());
        idle.stage.end_turn();
        CHECK(idle.asked().starts_with("POST"));
    }
    idle.stage.begin_turn();
    idle.stage.send(idle.stage.endpoint(0), ok);
    CHECK(idle.client.received.ends_with("ok"));
    CHECK(idle.stage.dials() == 1);
}

TEST_CASE("what comes in the turn in which a connection was lent is no answer") {
    Idle idle;
    idle.stage.begin_turn();
    idle.stage.send(idle.client, get);
    SUBCASE("bytes") { idle.stage.send(idle.stage.endpoint(0), forged); }
    SUBCASE("its loss") { idle.stage.reset(idle.stage.endpoint(0)); }
    CHECK_FALSE(idle.stage.endpoint(0).open);
    CHECK(idle.client.received.empty());
    REQUIRE(idle.stage.dials() == 2);
    idle.stage.end_turn();
    idle.stage.begin_turn();
    idle.stage.end_turn();
    CHECK(idle.asked(1).starts_with("GET"));
    CHECK(idle.asked(1).find("X-Uvoy-Attempt") == std::string_view::npos);
    idle.stage.send(idle.stage.endpoint(1), ok);
    CHECK(idle.client.received.ends_with("ok"));
    CHECK(idle.stage.outcomes() == "0.000 200 ok, 0.000 200 ok");
}

TEST_CASE("a connection that became idle in this turn is not lent") {
    Idle idle;
    Wire &other = idle.stage.connect();
    idle.stage.begin_turn();
    idle.stage.send(idle.client, get);
    idle.stage.end_turn();
    idle.stage.begin_turn();
    idle.stage.send(idle.stage.endpoint(0), ok);
    idle.stage.endpoint(0).received.clear();
    idle.stage.send(other, get);
    idle.stage.end_turn();
    CHECK(idle.asked().empty());
    idle.stage.begin_turn();
    SUBCASE("it was well") {
        idle.stage.end_turn();
        CHECK(idle.asked().starts_with("GET"));
    }
    SUBCASE("it was not") {
        idle.stage.send(idle.stage.endpoint(0), forged);
        CHECK_FALSE(idle.stage.endpoint(0).open);
        CHECK(other.received.empty());
        CHECK(idle.stage.dials() == 2);
    }
}

TEST_CASE("between two turns nothing is lent") {
    Idle idle;
    Wire &other = idle.stage.connect();
    idle.stage.begin_turn();
    idle.stage.send(idle.client, get);
    idle.stage.end_turn();
    idle.stage.begin_turn();
    idle.stage.send(idle.stage.endpoint(0), ok);
    idle.stage.end_turn();
    idle.stage.endpoint(0).received.clear();
    idle.stage.send(other, get);  // as a timer does
    CHECK(idle.asked().empty());
    idle.stage.begin_turn();
    idle.stage.send(idle.stage.endpoint(0), forged);
    CHECK_FALSE(idle.stage.endpoint(0).open);
    CHECK(other.received.empty());
}

TEST_CASE("who waits for the connection of another is in no hurry again") {
    config::Config config = Stage::config();
    config.clusters[0].limits.connections = 1;
    config.routes[0].retry.per_try_timeout = std::chrono::seconds{1};
    config.routes[0].retry.attempts = 0;
    Idle idle{std::move(config)};
    Wire &other = idle.stage.connect();
    idle.stage.begin_turn();
    idle.stage.send(idle.client, get);
    idle.stage.send(other, post);  // first in the queue
    idle.stage.run_for(std::chrono::milliseconds{600});
    idle.stage.send(idle.stage.endpoint(0), forged);
    idle.stage.end_turn();
    idle.stage.begin_turn();
    idle.stage.end_turn();
    REQUIRE(idle.asked(1).starts_with("POST"));
    idle.stage.run_for(std::chrono::milliseconds{600});
    idle.stage.send(idle.stage.endpoint(1), ok);
    idle.stage.begin_turn();
    idle.stage.end_turn();
    idle.stage.run_for(std::chrono::milliseconds{800});
    idle.stage.send(idle.stage.endpoint(1), ok);
    CHECK(idle.client.received.ends_with("ok"));
}

TEST_CASE("with so many events that a poll may be repeated nothing is lent") {
    Idle idle;
    Wire &other = idle.stage.connect();
    idle.stage.begin_turn();
    bool in_the_last_turn = false;
    SUBCASE("in this turn") {
        for (int i = 0; i < 300; ++i) idle.stage.send(other, "G");
    }
    SUBCASE("in the last one") {
        for (int i = 0; i < 300; ++i) idle.stage.send(other, "G");
        in_the_last_turn = true;
    }
    SUBCASE("for others in this turn") { idle.stage.tell_others(300); }
    SUBCASE("for others in the last one") {
        idle.stage.tell_others(300);
        in_the_last_turn = true;
    }
    if (in_the_last_turn) {
        idle.stage.end_turn();
        idle.stage.begin_turn();
    }
    idle.stage.send(idle.client, get);
    CHECK(idle.asked().empty());
    idle.stage.end_turn();
    CHECK(idle.asked().starts_with("GET"));
}

}  // namespace uvoy::sim
