#include "problems.h"

#include <doctest/doctest.h>

namespace uvoy::config {

namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// The first problem of a file whose route has this retry policy, from its pointer on.
std::string retry_problem(const std::string &inside) {
    const auto lines = lines_of(
        parse_for_test(file_with({.route = R"("cluster": "app", "retry": {)" + inside + "}"})));
    const std::string start = "/routes/0/retry";
    return lines.empty() ? "" : lines[0].substr(lines[0].find(start) + start.size());
}

}  // namespace

TEST_CASE("a retry policy is read as it stands") {
    const Loaded loaded = parse_for_test(
        file_with({.cluster = R"("retry_budget": {"ratio": "12.5%", "min": 0})",
                   .route = R"("cluster": "app", "retry": {"attempts": 4, "on": ["refused", "5xx",
                    "gateway_error", "timeout", 429], "per_try_timeout": "2s",
                    "buffer": "1MiB", "backoff": ["10ms", "1s"]})"}));
    REQUIRE(loaded.config);
    const Retry &retry = loaded.config->routes[0].retry;
    using Kind = RetryOn::Kind;
    CHECK(retry.attempts == 4);
    CHECK((retry.on == std::vector<RetryOn>{{.kind = Kind::refused},
                                            {.kind = Kind::server_error},
                                            {.kind = Kind::gateway_error},
                                            {.kind = Kind::timeout},
                                            {.kind = Kind::status, .status = 429}}));
    CHECK(retry.per_try_timeout == 2s);
    CHECK(retry.buffer == 1024 * 1024);
    CHECK(retry.backoff.first == 10ms);
    CHECK(retry.backoff.longest == 1s);
    CHECK(loaded.config->clusters[0].retry_budget.ratio == Share{1250});
    CHECK(loaded.config->clusters[0].retry_budget.min == 0);
}

TEST_CASE("each mistake in a retry policy is told") {
    CHECK(retry_problem(R"("on": [399])") == "/on/0: 399 is not in 400..599");
    CHECK(retry_problem(R"("on": ["6xx"])") == R"(/on/0: "6xx" is not known, did you mean "5xx"?)");
    CHECK(retry_problem(R"("on": [503, 503])") == "/on/1: stands in the list already");
    CHECK(retry_problem(R"("backoff": "25ms")") ==
          R"(/backoff: expected two durations such as ["25ms", "250ms"], got a string)");
    CHECK(retry_problem(R"("backoff": ["25ms"])") ==
          R"(/backoff: expected two durations such as ["25ms", "250ms"], got an array)");
    CHECK(retry_problem(R"("backoff": ["1s", "25ms"])") == "/backoff: begins above its end");
    CHECK(retry_problem(R"("backoff": ["0s", "25ms"])").starts_with("/backoff/0: "));
    CHECK(retry_problem(R"("backoff": ["25ms", "25ms"])").empty());
    CHECK(retry_problem(R"("buffer": "17MiB")").starts_with("/buffer: "));
    CHECK(retry_problem(R"("per_try_timeout": 1)").starts_with("/per_try_timeout: a bare number"));
    CHECK(retry_problem(R"("attempts": 11)") == "/attempts: 11 is not in 0..10");
}

}  // namespace uvoy::config
