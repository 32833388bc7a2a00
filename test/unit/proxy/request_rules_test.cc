#include "proxy/request_rules.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

namespace uvoy::proxy {

namespace {

struct Outcome {
    int status = 0;  // of the refusal
    Reason reason = Reason::none;
    Course course;
};

Outcome chart(const std::string &start_line, const std::string &fields, bool body = false) {
    http::RequestHead head;
    const std::string bytes = start_line + "\r\nHost: x\r\n" + fields + "\r\n";
    REQUIRE(http::parse_request(bytes, {}, head).has_value());
    http::Framing framing;
    if (body) framing = {.kind = http::Framing::Kind::sized, .length = 5};
    const auto course = chart_course(head, framing, "uvoy-1234abcd");
    if (!course) return {course.error().status, course.error().reason, {}};
    return {.course = *course};
}

}  // namespace

TEST_CASE("100-continue is the only expectation that is known") {
    const std::string post = "POST / HTTP/1.1";
    CHECK(chart(post, "Expect: 100-continue\r\n", true).course.expects_continue);
    CHECK(chart(post, "expect: 100-CONTINUE\r\n", true).course.expects_continue);
    CHECK(chart(post, "Expect: , 100-continue,\r\n", true).course.expects_continue);
    CHECK_FALSE(chart(post, "Expect:\r\n", true).course.expects_continue);
    CHECK_FALSE(chart(post, "", true).course.expects_continue);
    CHECK_FALSE(chart(post, "Expect: 100-continue\r\n", false).course.expects_continue);
    CHECK_FALSE(chart("POST / HTTP/1.0", "Expect: 100-continue\r\n", true).course.expects_continue);
    for (const std::string wrong : {"100-continued", "200-ok", "100-continue, x",
                                    "\"100-continue\"", "100-continue=1", "y 100-continue"}) {
        CAPTURE(wrong);
        CHECK(chart(post, "Expect: " + wrong + "\r\n", true).status == 417);
    }
}

TEST_CASE("Max-Forwards counts for TRACE and OPTIONS") {
    CHECK(chart("TRACE / HTTP/1.1", "Max-Forwards: 3\r\n").course.max_forwards == 3U);
    CHECK(chart("OPTIONS * HTTP/1.1", "Max-Forwards: 0\r\n").course.ends_here());
    CHECK_FALSE(chart("OPTIONS * HTTP/1.1", "").course.ends_here());
    CHECK(
        chart("OPTIONS / HTTP/1.1", "Max-Forwards: 99999999999999999999\r\n").course.max_forwards ==
        UINT64_MAX);
    CHECK_FALSE(chart("GET / HTTP/1.1", "Max-Forwards: 0\r\n").course.max_forwards.has_value());
    CHECK(chart("GET / HTTP/1.1", "Max-Forwards: x\r\n").status == 0);
    CHECK(chart("OPTIONS / HTTP/1.1", "Max-Forwards: x\r\n").status == 400);
    CHECK(chart("OPTIONS / HTTP/1.1", "Max-Forwards: -1\r\n").status == 400);
    CHECK(chart("TRACE / HTTP/1.1", "Max-Forwards:\r\n").status == 400);
    CHECK(chart("TRACE / HTTP/1.1", "Max-Forwards: 1\r\nMax-Forwards: 1\r\n").status == 400);
}

TEST_CASE("a TRACE with content is refused") {
    CHECK(chart("TRACE / HTTP/1.1", "", true).status == 400);
    CHECK(chart("TRACE / HTTP/1.1", "").status == 0);
}

TEST_CASE("a request that bears our own name in Via goes round in a loop") {
    for (const std::string via : {"1.1 uvoy-1234abcd", "1.0 a, HTTP/1.1 UVOY-1234ABCD (x)",
                                  "1.1 a, 1.1\tuvoy-1234abcd, 1.1 b"}) {
        CAPTURE(via);
        const Outcome outcome = chart("GET / HTTP/1.1", "Via: " + via + "\r\n");
        CHECK(outcome.status == 502);
        CHECK(outcome.reason == Reason::loop_detected);
    }
    for (const std::string via : {"1.1 uvoy-1234abce", "1.1 a (uvoy-1234abcd)", "uvoy-1234abcd",
                                  "1.1 uvoy", "1.1 xuvoy-1234abcd"}) {
        CAPTURE(via);
        CHECK(chart("GET / HTTP/1.1", "Via: " + via + "\r\n").status == 0);
    }
}

}  // namespace uvoy::proxy
