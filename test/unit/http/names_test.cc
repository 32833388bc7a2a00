#include "http/framing.h"
#include "http/head.h"

#include <doctest/doctest.h>

#include <string>

#include "text.h"

namespace uvoy::http {

TEST_CASE("every known field is found in any case, and nothing near it is") {
    struct Row {
        std::string_view name;
        FieldId id;
    };
    const Row rows[] = {
        {"Connection", FieldId::connection},
        {"Content-Length", FieldId::content_length},
        {"Cookie", FieldId::cookie},
        {"Date", FieldId::date},
        {"Expect", FieldId::expect},
        {"Forwarded", FieldId::forwarded},
        {"Host", FieldId::host},
        {"HTTP2-Settings", FieldId::http2_settings},
        {"Keep-Alive", FieldId::keep_alive},
        {"Max-Forwards", FieldId::max_forwards},
        {"Proxy-Authenticate", FieldId::proxy_authenticate},
        {"Proxy-Authorization", FieldId::proxy_authorization},
        {"Proxy-Connection", FieldId::proxy_connection},
        {"Proxy-Status", FieldId::proxy_status},
        {"Referer", FieldId::referer},
        {"Retry-After", FieldId::retry_after},
        {"Server", FieldId::server},
        {"TE", FieldId::te},
        {"Trailer", FieldId::trailer},
        {"Transfer-Encoding", FieldId::transfer_encoding},
        {"Upgrade", FieldId::upgrade},
        {"User-Agent", FieldId::user_agent},
        {"Via", FieldId::via},
        {"X-Forwarded-For", FieldId::x_forwarded_for},
        {"X-Forwarded-Host", FieldId::x_forwarded_host},
        {"X-Forwarded-Proto", FieldId::x_forwarded_proto},
        {"X-Real-Ip", FieldId::x_real_ip},
        {"X-Request-Id", FieldId::x_request_id},
        {"traceparent", FieldId::traceparent},
        {"TraceState", FieldId::tracestate},
    };
    for (const Row &row : rows) {
        CAPTURE(row.name);
        std::string name{row.name};
        CHECK(field_id(name) == row.id);
        for (char &byte : name) byte = static_cast<char>(std::toupper(byte));
        CHECK(field_id(name) == row.id);
        for (char &byte : name) byte = static_cast<char>(std::tolower(byte));
        CHECK(field_id(name) == row.id);
        CHECK(field_id(name.substr(1)) == FieldId::other);
        const bool forwarded = name.starts_with("x-forwarded-");
        const FieldId near = forwarded ? FieldId::x_forwarded_other : FieldId::other;
        CHECK(field_id(name + "x") == near);
        name.back() = '!';
        CHECK(field_id(name) == near);
    }
    CHECK(field_id("") == FieldId::other);
    CHECK(field_id("Accept") == FieldId::other);
    CHECK(field_id(std::string(300, 'x')) == FieldId::other);
}

TEST_CASE("any one byte changed in a known name makes another field of it") {
    for (const std::string_view known :
         {"te", "via", "host", "cookie", "upgrade", "connection", "content-length",
          "x-forwarded-for", "proxy-connection", "transfer-encoding", "proxy-authorization"}) {
        const FieldId id = field_id(known);
        const bool forwarded = known.starts_with("x-forwarded-");
        for (std::size_t at = 0; at < known.size(); ++at) {
            for (int value = ' '; value < 256; ++value) {
                std::string name{known};
                name[at] = static_cast<char>(value);
                FieldId expected =
                    forwarded && at >= 12 ? FieldId::x_forwarded_other : FieldId::other;
                if (equals_ignoring_case(name, known)) expected = id;
                else if (known[at] == '-' && name[at] == '_') expected = FieldId::lookalike;
                CAPTURE(name);
                CHECK(field_id(name) == expected);
            }
        }
    }
}

TEST_CASE("an underscore in place of a hyphen makes a lookalike of a known field") {
    for (const std::string_view name : {"Content_Length", "TRANSFER_ENCODING", "x_forwarded_for",
                                        "X-Forwarded_For", "x_forwarded-port", "User_Agent"}) {
        CAPTURE(name);
        CHECK(field_id(name) == FieldId::lookalike);
    }
    for (const std::string_view name : {"Content_Type", "_host", "host_", "h_st", "X_Own"}) {
        CAPTURE(name);
        CHECK(field_id(name) == FieldId::other);
    }
    CHECK(field_id("X-Forwarded-Port") == FieldId::x_forwarded_other);
    CHECK(field_id("X-Forwarded-") == FieldId::other);
    CHECK(field_id("X-Forwarded") == FieldId::other);
}

TEST_CASE("only letters have a case") {
    CHECK(equals_ignoring_case("aZ-1", "Az-1"));
    CHECK_FALSE(equals_ignoring_case("a", "ab"));
    CHECK_FALSE(equals_ignoring_case("@", "`"));
    CHECK_FALSE(equals_ignoring_case("[", "{"));
    CHECK_FALSE(equals_ignoring_case("-", "\r"));
    CHECK_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST_CASE("fields are found by id, by name, and counted") {
    const Fields fields = make_fields({{"Via", "a"}, {"x-own", "b"}, {"VIA", "c"}, {"X-Own", "d"}});
    REQUIRE(fields.find(FieldId::via) != nullptr);
    CHECK(fields.find(FieldId::via)->value == "a");
    REQUIRE(fields.find("X-OWN") != nullptr);
    CHECK(fields.find("X-OWN")->value == "b");
    CHECK(fields.count(FieldId::via) == 2);
    CHECK(fields.count(FieldId::host) == 0);
    CHECK(fields.find(FieldId::host) == nullptr);
    CHECK(fields.find("x-ow") == nullptr);
}

TEST_CASE("methods have names, and RFC 9110 section 9.2.2 says which may be repeated") {
    CHECK(name(Method::get) == "GET");
    CHECK(name(Method::delete_) == "DELETE");
    CHECK(name(Method::patch) == "PATCH");
    CHECK(name(Method::other) == "other");
    std::string idempotent;
    for (std::size_t i = 0; i < method_count; ++i)
        if (is_idempotent(static_cast<Method>(i)))
            idempotent += std::string{name(static_cast<Method>(i))} + " ";
    CHECK(idempotent == "GET HEAD PUT DELETE OPTIONS TRACE ");
}

}  // namespace uvoy::http
