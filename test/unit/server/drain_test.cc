#include "server/drain.h"

#include "base/log.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace uvoy;
using namespace uvoy::server;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> lines;

/// Workers whose requests end one after the other, and a log that is kept.
class Scene {
public:
    explicit Scene(Duration timeout)
        : drain{loop,
                {.timeout = timeout,
                 .load = Delegate<Drain::Load()>::bind<&Scene::load>(*this),
                 .on_end = Delegate<void(Drain::End)>::bind<&Scene::on_end>(*this)}} {
        lines.clear();
        log::set_sink([](log::Level, std::string_view line) { lines.emplace_back(line); });
    }
    ~Scene() {
        log::set_sink([](log::Level, std::string_view) {});
    }

    uv::Loop loop;
    std::size_t exchanges = 2;
    bool idle_clients = false;
    TimePoint done_at = TimePoint::max();
    std::optional<Drain::End> end;
    Drain drain;

private:
    Drain::Load load() {
        if (uv::Loop::now() >= done_at) exchanges = 0;
        return {.exchanges = exchanges, .drained = exchanges == 0 && !idle_clients};
    }
    void on_end(Drain::End how) {
        CHECK_FALSE(end.has_value());
        end = how;
        loop.stop();
    }
};

bool begins_with(const std::string &text, std::string_view start) {
    return text.compare(0, start.size(), start) == 0;
}

}  // namespace

TEST_CASE("a drain says how much is in flight and ends when all is answered") {
    Scene scene{10s};
    scene.done_at = uv::Loop::now() + 30ms;
    CHECK_FALSE(scene.drain.begun());
    scene.drain.begin();
    CHECK(scene.drain.begun());
    scene.loop.run();
    CHECK(scene.end == Drain::End::complete);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] == "graceful shutdown, 2 requests in flight");
    CHECK(begins_with(lines[1], "graceful shutdown: all requests answered after "));
}

TEST_CASE("a drain says each second what it waits for") {
    Scene scene{10s};
    scene.done_at = uv::Loop::now() + 1100ms;
    scene.drain.begin();
    scene.loop.run();
    REQUIRE(lines.size() == 3);
    CHECK(lines[1] == "graceful shutdown, 2 requests in flight");
}

TEST_CASE("a drain gives up at its time-out") {
    Scene scene{50ms};
    scene.drain.begin();
    scene.loop.run();
    CHECK(scene.end == Drain::End::timed_out);
    CHECK(lines.back() == "graceful shutdown: drain_timeout of 50ms passed, 2 requests cut off");
}

TEST_CASE("idle clients that stay until the time-out lose nothing") {
    Scene scene{50ms};
    scene.exchanges = 0;
    scene.idle_clients = true;
    scene.drain.begin();
    scene.loop.run();
    CHECK(scene.end == Drain::End::complete);
}

TEST_CASE("a second signal ends a drain at once") {
    Scene scene{10s};
    scene.drain.begin();
    scene.drain.interrupt();
    CHECK(scene.end == Drain::End::interrupted);
    CHECK(lines.back() == "graceful shutdown: second signal, 2 requests cut off");
}
