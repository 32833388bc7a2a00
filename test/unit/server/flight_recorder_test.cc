#include "server/flight_recorder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

constexpr std::int64_t start = 1'700'000'000'000;

void record(FlightRecorder &recorder, Reason reason, std::int64_t time,
            std::string_view cluster = "app", std::string_view id = {}, bool retried = false) {
    const proxy::ExchangeRecord exchange{
        .time = time, .request_id = id, .reason = reason, .cluster = cluster};
    recorder.record(exchange, proxy::make_failure(reason, proxy::Phase::connecting), retried);
}

std::size_t count(const FlightRecorder &recorder, Reason reason) {
    return static_cast<std::size_t>(std::ranges::count(
        recorder.read(), reason, [](const FlightRecord &each) { return each.failure.reason; }));
}

}  // namespace

TEST_CASE("a failure is kept with all that is known of it") {
    FlightRecorder recorder;
    CHECK(recorder.read().empty());
    const proxy::ExchangeRecord exchange{.time = start,
                                         .request_id = "id",
                                         .trace_id = {},
                                         .listener = "web",
                                         .client = "192.0.2.1",
                                         .protocol = "HTTP/1.1",
                                         .method = "GET",
                                         .host = "example.com",
                                         .path = "/a",
                                         .status = 503,
                                         .reason = Reason::connect_refused,
                                         .route = "api",
                                         .cluster = "app",
                                         .backend = "127.0.0.1:1",
                                         .attempts = 2,
                                         .duration = 5ms,
                                         .wait = 3ms,
                                         .connect = 2ms};
    recorder.record(exchange,
                    proxy::make_failure(Reason::connect_refused, proxy::Phase::connecting), false);
    const std::vector<FlightRecord> records = recorder.read();
    REQUIRE(records.size() == 1);
    const FlightRecord &got = records.front();
    CHECK(got.time == start);
    CHECK(got.failure.reason == Reason::connect_refused);
    CHECK(got.failure.phase == proxy::Phase::connecting);
    CHECK(got.failure.side == proxy::Side::upstream);
    CHECK_FALSE(got.retried);
    CHECK(got.status == 503);
    CHECK(got.attempts == 2);
    CHECK(got.duration == 5ms);
    CHECK(got.wait == 3ms);
    CHECK(got.connect == 2ms);
    CHECK(got.first_byte < 0ms);
    CHECK(got.listener == "web");
    CHECK(got.route == "api");
    CHECK(got.cluster == "app");
    CHECK(got.endpoint == "127.0.0.1:1");
    CHECK(got.method == "GET");
    CHECK(got.client == "192.0.2.1");
    CHECK(got.request_id == "id");
    CHECK(got.host == "example.com");
    CHECK(got.path == "/a");
    CHECK(got.more == 0);
    CHECK(recorder.count(Reason::connect_refused, false) == 1);
    CHECK(recorder.count(Reason::connect_refused, true) == 0);
}

TEST_CASE("texts of any length fit") {
    FlightRecorder recorder;
    const std::string text(5000, 'x');
    const proxy::ExchangeRecord exchange{.time = start,
                                         .request_id = text,
                                         .trace_id = text,
                                         .listener = text,
                                         .client = text,
                                         .protocol = text,
                                         .method = text,
                                         .host = text,
                                         .path = text,
                                         .route = text,
                                         .cluster = text,
                                         .backend = text};
    recorder.record(exchange, proxy::make_failure(Reason::overload, proxy::Phase::routing), true);
    const std::vector<FlightRecord> records = recorder.read();
    REQUIRE(records.size() == 1);
    CHECK(records[0].cluster == std::string(64, 'x'));
    CHECK(records[0].request_id == std::string(128, 'x'));
    CHECK(records[0].path.size() >= 100);
    CHECK(records[0].retried);
}

TEST_CASE("of a storm the beginning and a few a second are kept, and the rest is counted") {
    FlightRecorder recorder;
    for (int i = 0; i < 10'000; ++i)
        record(recorder, Reason::rate_limited, start + i);  // 1,000 a second
    auto records = recorder.read();
    CHECK(records.size() >= 16 + 10 * 2 - 2);
    CHECK(records.size() <= 16 + 10 * 2 + 2);
    std::uint64_t all = 0;
    for (const FlightRecord &each : records) all += 1 + each.more;
    CHECK(all == 10'000);
    CHECK(recorder.count(Reason::rate_limited, false) == 10'000);
    std::ranges::sort(records, {}, &FlightRecord::time);
    CHECK(records.front().time == start);
    CHECK(records.back().time > start + 9000);
}

TEST_CASE("no kind pushes out the others") {
    FlightRecorder recorder;
    record(recorder, Reason::connect_refused, start, "quiet", "the one");
    for (int i = 0; i < 10'000; ++i) {
        record(recorder, Reason::rate_limited, start + i * 1000);
        record(recorder, Reason::client_closed, start + i * 1000);
        record(recorder, Reason::connect_refused, start + i * 1000, "loud");
    }
    const auto records = recorder.read();
    CHECK(records.size() == FlightRecorder::capacity);
    CHECK(std::ranges::count(records, "the one", &FlightRecord::request_id) == 1);
    CHECK(count(recorder, Reason::rate_limited) >= 80);
    CHECK(count(recorder, Reason::client_closed) >= 80);
    // Of the loud ones those of the end are there.
    for (const FlightRecord &each : records)
        if (each.cluster != "quiet") CHECK(each.time >= start + 9'900'000);
}

TEST_CASE("a clock that is set back stops nothing") {
    FlightRecorder recorder;
    for (int i = 0; i < 16; ++i) record(recorder, Reason::no_route, start);
    record(recorder, Reason::no_route, start - 3'600'000);
    CHECK(recorder.read().size() == 16);
    record(recorder, Reason::no_route, start - 3'600'000 + 1000);
    CHECK(recorder.read().size() == 17);
}

TEST_CASE("who reads while failures are recorded sees whole ones only") {
    FlightRecorder recorder;
    std::atomic<bool> stop{false};
    std::atomic<int> written{0};
    std::thread worker{[&] {
        const std::string letters = "abcdefghijklmnopqrstuvwxyz";
        for (int i = 0; !stop.load(std::memory_order_relaxed); ++i) {
            // A second apart, so that none is only counted.
            const std::string id(1 + i % 100, letters[static_cast<std::size_t>(i) % 26]);
            record(recorder, Reason::connect_refused, start + i * std::int64_t{1000}, id, id);
            written.store(i + 1, std::memory_order_relaxed);
        }
    }};
    std::size_t torn = 0;
    std::size_t seen = 0;
    for (int round = 0; round < 2000 || written.load(std::memory_order_relaxed) < 2000; ++round) {
        for (const FlightRecord &each : recorder.read()) {
            ++seen;
            const auto number = static_cast<std::size_t>((each.time - start) / 1000);
            const std::string id(1 + number % 100, static_cast<char>('a' + number % 26));
            if (each.request_id != id || each.cluster != id.substr(0, 64)) ++torn;
        }
    }
    stop = true;
    worker.join();
    CHECK(seen > 0);
    CHECK(torn == 0);
}

}  // namespace uvoy::server
