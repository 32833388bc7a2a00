#include "proxy/access_log_text.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

namespace uvoy::proxy {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

std::string format(const ExchangeRecord &record, const std::string &written) {
    const auto parsed = config::parse_log_format(written);
    REQUIRE(parsed.has_value());
    std::string line;
    append_access_log_line(line, record, *parsed);
    return line;
}

ExchangeRecord sample() {
    return {.time = 971'186'136'007,
            .request_id = "id-1",
            .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
            .listener = "web",
            .client = "192.0.2.7",
            .protocol = "HTTP/1.1",
            .method = "GET",
            .host = "shop.example",
            .path = "/cart",
            .status = 503,
            .reason = Reason::overflow_pending,
            .route = "shop",
            .cluster = "carts",
            .backend = "10.0.0.1:8080",
            .attempts = 2,
            .received = 123,
            .sent = 4567,
            .duration = 1'234'567'890ns,
            .wait = 0ns,
            .connect = 1us,
            .first_byte = 61s,
            .user_agent = "curl/8.0",
            .referer = "https://example/",
            .query = "id=7",
            .body_sent = 4000};
}

}  // namespace

TEST_CASE("combined is what Apache and nginx write") {
    CHECK(format(sample(), "combined") ==
          R"(192.0.2.7 - - [10/Oct/2000:13:55:36 +0000] "GET /cart?id=7 HTTP/1.1" 503 4000 )"
          R"("https://example/" "curl/8.0")"
          "\n");
    CHECK(format({.client = "::1", .protocol = "HTTP/1.1", .status = 400}, "combined") ==
          R"(::1 - - [01/Jan/1970:00:00:00 +0000] "-" 400 0 "-" "-")"
          "\n");
}

TEST_CASE("a template has every field") {
    struct {
        std::string written;
        std::string_view line;
    } const cases[] = {
        {"%{time}", "2000-10-10T13:55:36.007Z"},
        {"%{request_id}", "id-1"},
        {"%{trace_id}", "4bf92f3577b34da6a3ce929d0e0e4736"},
        {"%{listener}", "web"},
        {"%{client}", "192.0.2.7"},
        {"%{protocol}", "HTTP/1.1"},
        {"%{method}", "GET"},
        {"%{host}", "shop.example"},
        {"%{path}", "/cart"},
        {"%{status}", "503"},
        {"%{reason}", "overflow_pending"},
        {"%{route}", "shop"},
        {"%{cluster}", "carts"},
        {"%{backend}", "10.0.0.1:8080"},
        {"%{attempts}", "2"},
        {"%{received}", "123"},
        {"%{sent}", "4567"},
        {"%{duration}", "1.234567"},
        {"%{wait}", "0.000000"},
        {"%{connect}", "0.000001"},
        {"%{first_byte}", "61.000000"},
        {"%{user_agent}", "curl/8.0"},
        {"%{referer}", "https://example/"},
        {"%{common_time}", "10/Oct/2000:13:55:36 +0000"},
        {"%{request}", "GET /cart?id=7 HTTP/1.1"},
        {"%{query}", "id=7"},
        {"%{body_sent}", "4000"},
        {"100%% \"%{status}\"\t%{wait}{}", "100% \"503\"\t0.000000{}"},
    };
    for (const auto &[written, line] : cases) {
        CAPTURE(written);
        CHECK(format(sample(), written) == std::string{line} + "\n");
    }
}

TEST_CASE("what is absent is a dash") {
    for (const char *field :
         {"%{request_id}", "%{trace_id}", "%{reason}", "%{route}", "%{wait}", "%{connect}",
          "%{first_byte}", "%{user_agent}", "%{referer}", "%{query}", "%{request}"})
        CHECK(format({}, field) == "-\n");
    CHECK(format({}, "%{status} %{attempts} %{sent}") == "000 0 0\n");
}

TEST_CASE("nobody forges a line or the end of a field") {
    struct {
        std::string_view text;
        std::string line;
    } const cases[] = {
        {"\" 200 \"", R"(\x22 200 \x22)"},
        {"a\\", R"(a\x5C)"},
        {"\r\nx", R"(\x0D\x0Ax)"},
        {"\0\x1f\x7f\x1b[2J"sv, R"(\x00\x1F\x7F\x1B[2J)"},
        {"caf\xc3\xa9\xff", R"(caf\xC3\xA9\xFF)"},
        {"12345678\"1234567", R"(12345678\x221234567)"},
        {"%{status}%%", "%{status}%%"},
    };
    for (const auto &[text, line] : cases) {
        CAPTURE(line);
        ExchangeRecord record{.protocol = "HTTP/1.1", .method = "GET", .host = text, .path = text};
        CHECK(format(record, "%{host}") == line + "\n");
        CHECK(format(record, "%{request}") == "GET " + line + " HTTP/1.1\n");
    }
}

TEST_CASE("a line that does not fit is none, at any size") {
    const auto parsed = config::parse_log_format("combined");
    const std::string whole = format(sample(), "combined");
    for (std::size_t size = 0; size <= whole.size() + 1; ++size) {
        std::string out(size, '?');
        const std::size_t written = format_text(sample(), *parsed, out);
        CHECK(written == (size < whole.size() ? 0 : whole.size()));
        if (written != 0) CHECK(out.substr(0, written) == whole);
    }
    const std::string path(100'000, '"');
    CHECK(format({.path = path}, "%{path}").size() == 400'001);
}

TEST_CASE("an error is a status of 500, or an answer that nobody but the client would have got") {
    struct {
        int status;
        Reason reason;
        bool error;
    } const cases[] = {
        {200, Reason::none, false},         {404, Reason::none, false},
        {500, Reason::none, true},          {404, Reason::no_route, false},
        {429, Reason::rate_limited, false}, {503, Reason::rate_limited, true},
        {400, Reason::bad_request, false},  {408, Reason::client_timeout, false},
        {503, Reason::overload, true},      {200, Reason::reset_in_body, true},
        {200, Reason::idle_timeout, true},  {200, Reason::client_closed, false},
        {0, Reason::client_closed, false},
    };
    for (const auto &[status, reason, error] : cases) {
        CAPTURE(status);
        CAPTURE(name(reason));
        CHECK(is_error({.status = status, .reason = reason}) == error);
    }
}

}  // namespace uvoy::proxy
