#include "http/target.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "text.h"

namespace uvoy::http {

TEST_CASE("two hosts are the same if only case or a default port differ") {
    CHECK(same_host("A.b", "a.B", "80"));
    CHECK(same_host("a:80", "a", "80"));
    CHECK(same_host("a:", "a:80", "80"));
    CHECK(same_host("[::1]:443", "[::1]", "443"));
    CHECK_FALSE(same_host("a:80", "a", "443"));
    CHECK_FALSE(same_host("a:81", "a", "80"));
    CHECK_FALSE(same_host("a", "b", "80"));
    CHECK_FALSE(same_host("[::1]", "[::2]", "80"));
}

TEST_CASE("a target has one of the four forms of RFC 9112 section 3.2") {
    using Form = Target::Form;
    constexpr auto get = Method::get;
    constexpr auto connect = Method::connect;
    constexpr auto options = Method::options;
    struct Row {
        Method method;
        std::string_view text;
        std::optional<Form> form;  // none = refused
        std::string_view authority = "";
        std::string_view path = "";
        std::string_view query = "";
    };
    const std::vector<Row> rows{
        {get, "/", Form::origin, "", "/"},
        {get, "/a/b?c=d?e", Form::origin, "", "/a/b", "c=d?e"},
        {get, "/?", Form::origin, "", "/"},
        {get, "//a", Form::origin, "", "//a"},
        {get, "/http://a/", Form::origin, "", "/http://a/"},
        {options, "/", Form::origin, "", "/"},
        {get, "http://a", Form::absolute, "a", "/"},
        {get, "http://a/", Form::absolute, "a", "/"},
        {get, "HTTPS://a:8443/b?c", Form::absolute, "a:8443", "/b", "c"},
        {get, "http://a?b/c", Form::absolute, "a", "/", "b/c"},
        {get, "http://[::1]:80/x", Form::absolute, "[::1]:80", "/x"},
        {options, "http://a", Form::absolute, "a", "*"},
        {options, "http://a/", Form::absolute, "a", "/"},
        {options, "http://a?", Form::absolute, "a", "/"},
        {options, "*", Form::asterisk},
        {connect, "a:443", Form::authority, "a:443"},
        {connect, "[::1]:443", Form::authority, "[::1]:443"},

        {get, "", {}},
        {get, "*", {}},
        {options, "*a", {}},
        {get, "a", {}},
        {get, "a:443", {}},
        {get, "?a", {}},
        {get, "http:/a", {}},
        {get, "http://", {}},
        {get, "http:///a", {}},
        {get, "http://u@a/", {}},
        {get, "http://u:p@a/", {}},
        {get, "http://a:b/", {}},
        {get, "ftp://a/", {}},
        {get, "://a/", {}},
        {connect, "/", {}},
        {connect, "*", {}},
        {connect, "a", {}},
        {connect, "a:", {}},
        {connect, ":443", {}},
        {connect, "[::1]", {}},
        {connect, "http://a:443", {}},
        {connect, "a:443/", {}},
        {connect, "u@a:443", {}},
    };
    for (const Row &row : rows) {
        CAPTURE(row.text);
        const auto target = parse_target(row.method, row.text);
        REQUIRE(target.has_value() == row.form.has_value());
        if (!target) {
            CHECK(target.error() == HeadError::malformed);
            continue;
        }
        CHECK(target->form == *row.form);
        CHECK(target->authority == row.authority);
        CHECK(target->path == row.path);
        CHECK(target->query == row.query);
    }
}

TEST_CASE("every byte of a name is looked at, however long it is") {
    for (std::size_t length = 1; length < 40; ++length) {
        const std::string name(length, 'n');
        CHECK(valid_host(name));
        CHECK(valid_host(name + ":80"));
        CHECK(valid_host(name + "_.b"));
        for (const std::string_view wrong : {" ", "%61", "/", "@", "\x80", "]", "\x7f"}) {
            CAPTURE(length);
            CAPTURE(wrong);
            CHECK_FALSE(valid_host(name + std::string{wrong}));
            CHECK_FALSE(valid_host(name + std::string{wrong} + "bc"));
        }
    }
}

TEST_CASE("a host is what RFC 3986 section 3.2.2 says, with a port or not") {
    const std::string_view good[] = {
        "a",
        "example.com",
        "example.com:80",
        "example.com:",
        "EXAMPLE.com.",
        "a_b-c~d",
        "!$&'()*+,;=",
        "127.0.0.1",
        "127.0.0.1:65535",
        "999.1.1.1",
        "[::]",
        "[::1]:80",
        "[2001:db8::ff00:42:8329]",
        "[::ffff:192.0.2.1]:00080",
        "[1:2:3:4:5:6:7:8]",
        "[v1.a]",
        "[VfF.a:b~]:80",
        "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]",
    };
    for (const std::string_view host : good) {
        CAPTURE(host);
        CHECK(valid_host(host));
    }
    const std::string_view bad[] = {
        "",
        ":80",
        "a b",
        " a",
        "a/b",
        "a?b",
        "a#b",
        "a@b",
        "a\\b",
        "a\"b",
        "<a>",
        "a:80:80",
        "a:b",
        "a:-1",
        "a:65536",
        "a:000080",
        "a%",
        "a%2",
        "a%2g",
        "a%20b",
        "%61",
        "a\xc3\xa4",
        "a\x7f",
        "::1",
        "[::1",
        "[]",
        "[a]",
        "[::1]80",
        "[::1]a",
        "[::1%25eth0]",
        "[::1%eth0]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[12345::]",
        "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550]",
        "[::1]]",
        "[v.a]",
        "[v1]",
        "[v1.]",
        "[vg.a]",
        "[v1.a/b]",
        "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
        std::string_view{"a\0b", 3},
        std::string_view{"[::1\0]", 6},
    };
    for (const std::string_view host : bad) {
        CAPTURE(host);
        CHECK_FALSE(valid_host(host));
    }
}

TEST_CASE("a host's name has neither port nor final dot") {
    CHECK(host_name("a.b.") == "a.b");
    CHECK(host_name("a.b.:80") == "a.b");
    CHECK(host_name("a.b:80") == "a.b");
    CHECK(host_name("[::1]:80") == "[::1]");
    CHECK(host_name(".").empty());
    CHECK(host_name("").empty());
}

TEST_CASE("the port is cut off a host, and nothing else") {
    CHECK(host_without_port("example.com:80") == "example.com");
    CHECK(host_without_port("example.com:") == "example.com");
    CHECK(host_without_port("example.com") == "example.com");
    CHECK(host_without_port("[::1]:80") == "[::1]");
    CHECK(host_without_port("[::1]") == "[::1]");
}

}  // namespace uvoy::http
