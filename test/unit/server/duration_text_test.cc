#include "server/duration_text.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using uvoy::server::duration_text;

TEST_CASE("durations are written for people") {
    CHECK(duration_text(0ms) == "0ms");
    CHECK(duration_text(250ms) == "250ms");
    CHECK(duration_text(999ms + 600us) == "1s");
    CHECK(duration_text(1s) == "1s");
    CHECK(duration_text(1240ms) == "1.2s");
    CHECK(duration_text(1250ms) == "1.3s");
    CHECK(duration_text(30s) == "30s");
    CHECK(duration_text(60s) == "1m");
    CHECK(duration_text(90s) == "1m30s");
    CHECK(duration_text(119s + 800ms) == "2m");
    CHECK(duration_text(1h) == "60m");
}

TEST_CASE("what rounds up to a minute is written as one") {
    CHECK(duration_text(59s + 970ms) == "1m");
}
