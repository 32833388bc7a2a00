#include "server/worker_log.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace uvoy::server {

namespace {

config::AccessLog log(const std::string &format, std::uint32_t share = 10'000,
                      config::LogOnly only = config::LogOnly::all) {
    const auto parsed = config::parse_log_format(format);
    REQUIRE(parsed.has_value());
    return {.format = *parsed, .sample = {share}, .only = only};
}

proxy::ExchangeRecord answered(int status) { return {.status = status}; }

std::string taken(WorkerLog &log, std::size_t stream) {
    const LogRing::Pieces pieces = log.ring(stream).peek();
    std::string text{pieces[0]};
    text += pieces[1];
    log.ring(stream).drop(text.size());
    return text;
}

auto lines(const std::string &text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("logs that want the same share a stream, and formats lie together") {
    const std::vector<config::AccessLog> logs{
        log("json"),
        log("combined"),
        log("json", 100),
        log("json"),
        log("combined", 10'000, config::LogOnly::errors),
        log("combined", 0),
    };
    const std::vector<LogStream> streams = log_streams(logs);
    std::vector<std::vector<std::size_t>> found;
    std::vector<std::size_t> formats;
    for (const LogStream &stream : streams) {
        found.push_back(stream.logs);
        formats.push_back(stream.format_number);
    }
    CHECK(found == std::vector<std::vector<std::size_t>>{{2}, {0, 3}, {4, 5}, {1}});
    CHECK(formats == std::vector<std::size_t>{0, 0, 1, 1});
}

TEST_CASE("each stream has its format and its choice") {
    const std::vector<config::AccessLog> logs{
        log("%{status}"), log("%{status}", 10'000, config::LogOnly::errors), log("<%{status}>")};
    const auto streams = log_streams(logs);
    WorkerLog log{streams, 1 << 12, 1};
    for (const int status : {200, 503, 404}) CHECK(log.write(answered(status)) == 0);
    CHECK(taken(log, 0) == "503\n");
    CHECK(taken(log, 1) == "200\n503\n404\n");
    CHECK(taken(log, 2) == "<200>\n<503>\n<404>\n");
}

TEST_CASE("a sample has its share of the lines, and all errors") {
    const std::vector<config::AccessLog> logs{log("%{status}", 1'000), log("%{status}", 4'000)};
    const auto streams = log_streams(logs);
    WorkerLog log{streams, 1 << 20, 1};
    constexpr int count = 20'000;
    for (int i = 0; i < count; ++i) log.write(answered(200));
    const auto small = lines(taken(log, 0));
    CHECK(small > count / 10 - 200);
    CHECK(small < count / 10 + 200);
    const auto large = lines(taken(log, 1));
    CHECK(large > count * 4 / 10 - 350);
    CHECK(large < count * 4 / 10 + 350);
    for (int i = 0; i < 100; ++i) log.write(answered(502));
    CHECK(lines(taken(log, 0)) == 100);
}

TEST_CASE("what has no room is lost for every destination of its stream") {
    const std::vector<config::AccessLog> logs{log("%{status}"), log("%{status}"), log("combined")};
    const auto streams = log_streams(logs);
    WorkerLog log{streams, 64, 1};
    std::size_t lost = 0;
    for (int i = 0; i < 20; ++i) lost += log.write(answered(200));
    // 64 bytes are 16 short lines, and one long one.
    CHECK(lost == 2 * 4 + 19);
    CHECK(lines(taken(log, 0)) == 16);
}

TEST_CASE("a line longer than the usual is whole") {
    const std::vector<config::AccessLog> logs{log("%{path}"), log("json")};
    const auto streams = log_streams(logs);
    WorkerLog log{streams, 1 << 17, 1};
    const std::string path(20'000, 'x');
    CHECK(log.write({.path = path}) == 0);
    CHECK(taken(log, 0) == path + "\n");
    CHECK(taken(log, 1).find(path) != std::string::npos);
}

}  // namespace uvoy::server
