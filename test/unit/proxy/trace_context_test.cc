#include "proxy/trace_context.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::proxy {

TEST_CASE("a traceparent is good when the next one can go on with it") {
    const std::string ids = "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-";
    struct {
        std::string value;
        bool good;
    } const cases[] = {
        {"00" + ids + "01", true},
        {"00" + ids + "00", true},
        {"00" + ids + "ff", true},
        {"01" + ids + "01", true},
        {"cc" + ids + "01", true},
        {"cc" + ids + "01-what-the-future-brings", true},
        {"cc" + ids + "01.what-the-future-brings", false},
        {"00" + ids + "01-more", false},
        {"00" + ids + "1", false},
        {"00" + ids, false},
        {"ff" + ids + "01", false},
        {"0G" + ids + "01", false},
        {"0A" + ids + "01", false},
        {"00" + ids + "0x", false},
        {"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false},
        {"00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01", false},
        {"00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
        {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
        {"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01", false},
        {"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
        {"00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01", false},
        {"", false},
        {std::string(55, '-'), false},
    };
    for (const auto &[value, good] : cases) {
        CAPTURE(value);
        CHECK(is_traceparent(value) == good);
    }
}

TEST_CASE("what is made is good, and never the same twice") {
    Random random{1};
    std::string before;
    for (int i = 0; i < 1'000; ++i) {
        Traceparent made{};
        make_traceparent(made, random);
        const std::string value{made.data(), made.size()};
        CAPTURE(value);
        CHECK(is_traceparent(value));
        CHECK(value.starts_with("00-"));
        CHECK(value.ends_with("-01"));
        CHECK(trace_id(value).size() == 32);
        CHECK(trace_id(value) != before);
        before = trace_id(value);
    }
}

}  // namespace uvoy::proxy
