#include "server/wall_time.h"

#include <doctest/doctest.h>

namespace uvoy::server {

TEST_CASE("a time is told as RFC 3339 with milliseconds") {
    CHECK(rfc3339(0) == "1970-01-01T00:00:00.000Z");
    CHECK(rfc3339(1'709'208'000'250) == "2024-02-29T12:00:00.250Z");
    CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999Z");
    CHECK(rfc3339(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
}

}  // namespace uvoy::server
