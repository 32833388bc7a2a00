#include "proxy/access_log_line.h"
#include "proxy/access_log_text.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::proxy {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

static std::string format(const ExchangeRecord &record) {
    std::string line;
    append_access_log_line(line, record, {});
    return line;
}

/// What stands between `"name":` and the next member.
static std::string member(const ExchangeRecord &record, const std::string &name,
                          const std::string &next) {
    const std::string line = format(record);
    const std::size_t begin = line.find("\"" + name + "\":") + name.size() + 3;
    return line.substr(begin, line.find(",\"" + next + "\":") - begin);
}

static ExchangeRecord sample() {
    return {.time = 1'715'000'829'007,
            .request_id = "0af7651916cd43dd8448eb211c80319c",
            .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
            .listener = "http",
            .client = "192.0.2.7",
            .protocol = "HTTP/1.1",
            .method = "GET",
            .host = "shop.example",
            .path = "/cart?id=7",
            .status = 503,
            .reason = Reason::overflow_pending,
            .route = "shop",
            .cluster = "carts",
            .backend = "10.0.0.1:8080",
            .attempts = 2,
            .received = 123,
            .sent = 18'446'744'073'709'551'615u,
            .duration = 1'234'567'890ns,
            .wait = 0ns,
            .connect = 999ns,
            .first_byte = 61s,
            .user_agent = "curl/8.0",
            .referer = "https://example/"};
}

TEST_CASE("a line holds every member in the contract's order") {
    CHECK(format(sample()) ==
          R"({"time":"2024-05-06T13:07:09.007Z","request_id":"0af7651916cd43dd8448eb211c80319c",)"
          R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","listener":"http","client":"192.0.2.7",)"
          R"("protocol":"HTTP/1.1","method":"GET","host":"shop.example","path":"/cart?id=7",)"
          R"("status":503,"reason":"overflow_pending","route":"shop","cluster":"carts",)"
          R"("backend":"10.0.0.1:8080","attempts":2,"received":123,)"
          R"("sent":18446744073709551615,"duration":1.234567,"wait":0.000000,)"
          R"("connect":0.000000,"first_byte":61.000000,"user_agent":"curl/8.0",)"
          R"("referer":"https://example/"})"
          "\n");
}

TEST_CASE("what is absent is an empty text or null") {
    CHECK(format({.duration = Duration{-1}}) ==
          R"({"time":"1970-01-01T00:00:00.000Z","request_id":"","trace_id":"","listener":"",)"
          R"("client":"","protocol":"","method":"","host":"","path":"","status":0,"reason":"",)"
          R"("route":"","cluster":"","backend":"","attempts":0,"received":0,"sent":0,)"
          R"("duration":null,"wait":null,"connect":null,"first_byte":null,"user_agent":"",)"
          R"("referer":""})"
          "\n");
}

TEST_CASE("the time is UTC with milliseconds") {
    struct {
        std::int64_t milliseconds;
        std::string_view text;
    } const cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951'782'400'000, "2000-02-29T00:00:00.000Z"},
        {1'078'012'799'999, "2004-02-28T23:59:59.999Z"},
        {4'107'542'399'050, "2100-02-28T23:59:59.050Z"},
        {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},
        {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
        {253'402'300'800'000, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (const auto &expected : cases)
        CHECK(member({.time = expected.milliseconds}, "time", "request_id") ==
              '"' + std::string{expected.text} + '"');
}

TEST_CASE("text stays what it is or is escaped") {
    struct {
        std::string_view text, json;
    } const cases[] = {
        {"plain ~ !", R"(plain ~ !)"},
        {R"(a"b\c/d)", R"(a\"b\\c/d)"},
        {"\r\n{\"time\":1}", R"(\u000d\u000a{\"time\":1})"},
        {"\0\x1f\x7f\x1b[2J"sv, R"(\u0000\u001f\u007f\u001b[2J)"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"x\xe2\x82\xac\"\xf0\x9f\x98\x80y", "x\xe2\x82\xac\\\"\xf0\x9f\x98\x80y"},
        {"caf\xe9", R"(caf\u00e9)"},
        {"\xff\xfe", R"(\u00ff\u00fe)"},
        {"\xc0\xaf", R"(\u00c0\u00af)"},                      // overlong
        {"\xed\xa0\x80", R"(\u00ed\u00a0\u0080)"},            // a surrogate
        {"\xf4\x90\x80\x80", R"(\u00f4\u0090\u0080\u0080)"},  // beyond U+10FFFF
        {"\xe2\x82", R"(\u00e2\u0082)"},                      // cut off
        {"\xe2\x82x", R"(\u00e2\u0082x)"},
        {"\xc3\xa9\xe9\xc3\xa9", "\xc3\xa9\\u00e9\xc3\xa9"},
        {"\x80\xc3\xa9\x80", "\\u0080\xc3\xa9\\u0080"},
    };
    for (const auto &expected : cases) {
        CAPTURE(expected.json);
        CHECK(member({.path = expected.text}, "path", "status") ==
              '"' + std::string{expected.json} + '"');
    }
}

TEST_CASE("a line is one line and ASCII or UTF-8 whatever the bytes") {
    std::string every;
    for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
    const std::string line = format({.path = every, .user_agent = every, .referer = every});
    CHECK(line.find('\n') == line.size() - 1);
    for (const char c : line.substr(0, line.size() - 1))
        REQUIRE((static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f));
}

TEST_CASE("a buffer that is too small gives nothing, and is not overrun") {
    ExchangeRecord record = sample();
    record.user_agent = "\x01\"\xff\xc3\xa9";
    const std::string line = format(record);
    std::vector<char> buffer(line.size() + 1);
    for (std::size_t size = 0; size < line.size(); ++size) {
        buffer[size] = '#';
        REQUIRE(format_json(record, std::span{buffer}.first(size)) == 0);
        REQUIRE(buffer[size] == '#');
    }
    CHECK(format_json(record, std::span{buffer}.first(line.size())) == line.size());
    CHECK(std::string_view{buffer.data(), line.size()} == line);
}

TEST_CASE("however much room there is, the line is the same") {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const std::string escapes(40, '\x01');
    ExchangeRecord record = sample();
    record.received = record.sent = most;
    record.attempts = std::numeric_limits<std::uint32_t>::max();
    record.duration = record.wait = record.connect = record.first_byte = Duration::max();
    record.request_id = record.trace_id = record.listener = record.client = record.protocol =
        record.method = record.host = record.path = record.route = record.cluster = record.backend =
            record.user_agent = record.referer = escapes;
    const std::string line = format(record);
    for (std::size_t size = line.size(); size < line.size() + 800; ++size) {
        const std::unique_ptr<char[]> buffer{new char[size]};  // a sanitizer looks behind it
        REQUIRE(format_json(record, {buffer.get(), size}) == line.size());
        REQUIRE(std::string_view{buffer.get(), line.size()} == line);
    }
}

TEST_CASE("any byte anywhere is written as in a line of little room") {
    for (std::size_t size = 1; size < 20; ++size) {
        for (int byte = 0; byte < 256; ++byte) {
            for (std::size_t at = 0; at < size; ++at) {
                std::string path(size, 'a');
                path[at] = static_cast<char>(byte);
                const std::string line = format({.path = path});
                std::vector<char> tight(line.size());
                REQUIRE(format_json({.path = path}, tight) == line.size());
                REQUIRE(std::string_view{tight.data(), tight.size()} == line);
                const bool plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
                REQUIRE((line.find("\"" + path + "\"") != std::string::npos) == plain);
            }
        }
    }
}

TEST_CASE("lines are appended, long ones too") {
    const std::string path(100'000, '\x01');
    std::string lines = "before\n";
    append_access_log_line(lines, {.path = path}, {});
    const std::size_t first = lines.size();
    append_access_log_line(lines, sample(), {});
    CHECK(lines.substr(0, 8) == "before\n{");
    CHECK(first > 600'000);
    CHECK(lines.substr(first) == format(sample()));
}

}  // namespace uvoy::proxy
