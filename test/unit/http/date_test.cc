#include "http/date.h"

#include <doctest/doctest.h>

#include <array>

namespace uvoy::http {

TEST_CASE("a date is an IMF-fixdate") {
    struct Row {
        std::int64_t seconds;
        std::string_view text;
    };
    constexpr std::array rows{
        Row{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},  // the example of RFC 9110 5.6.7
        Row{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        Row{-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        Row{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        Row{1709251199, "Thu, 29 Feb 2024 23:59:59 GMT"},
        Row{4102444800, "Fri, 01 Jan 2100 00:00:00 GMT"},
        Row{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (const Row &row : rows) {
        std::array<char, 29> buffer{};
        CHECK(format_date(row.seconds, buffer) == row.text);
    }
}

}  // namespace uvoy::http
