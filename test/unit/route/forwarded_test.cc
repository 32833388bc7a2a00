#include "route/forwarded.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::route {

namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

const std::vector<config::TrustedProxy> trusted{{Network::parse("10.0.0.0/8")},
                                                {Network::parse("2001:db8::/32")}};

Forwarded read(const Pairs &pairs) {
    http::Fields fields;
    for (const auto &[name, value] : pairs) fields.push_back({name, value, http::field_id(name)});
    Forwarded out;
    read_forwarded(fields, trusted, "10.0.0.1", out);
    return out;
}

}  // namespace

TEST_CASE("only those of the list are trusted") {
    CHECK(is_trusted(trusted, "10.255.0.1"));
    CHECK(is_trusted(trusted, "2001:db8::7"));
    CHECK_FALSE(is_trusted(trusted, "192.0.2.1"));
    CHECK_FALSE(is_trusted(trusted, "unix:"));
    CHECK_FALSE(is_trusted({}, "10.0.0.1"));
    const std::vector<config::TrustedProxy> unix_only{{}};
    CHECK(is_trusted(unix_only, "unix:"));
    CHECK_FALSE(is_trusted(unix_only, "10.0.0.1"));
}

TEST_CASE("the client is the first address from the right that is not trusted") {
    struct Row {
        Pairs fields;
        std::string_view client;
        std::string_view chain;
    };
    const std::string_view xff = "X-Forwarded-For";
    const std::vector<Row> rows{
        {{}, "10.0.0.1", ""},
        {{{xff, "192.0.2.1"}}, "192.0.2.1", "192.0.2.1"},
        {{{xff, "6.6.6.6, 192.0.2.1"}}, "192.0.2.1", "6.6.6.6, 192.0.2.1"},
        {{{xff, "6.6.6.6, 192.0.2.1, 10.1.1.1"}}, "192.0.2.1", "6.6.6.6, 192.0.2.1, 10.1.1.1"},
        {{{xff, "6.6.6.6"}, {xff, "192.0.2.1,10.1.1.1"}},
         "192.0.2.1",
         "6.6.6.6, 192.0.2.1,10.1.1.1"},
        {{{xff, "10.3.3.3, 10.2.2.2"}}, "10.3.3.3", "10.3.3.3, 10.2.2.2"},
        {{{xff, "192.0.2.1:1234"}}, "192.0.2.1", "192.0.2.1:1234"},
        {{{xff, "[2001:DB9::1]:80"}}, "2001:db9::1", "[2001:DB9::1]:80"},
        {{{xff, "2001:db9::1, 2001:db8::1"}}, "2001:db9::1", "2001:db9::1, 2001:db8::1"},
        {{{xff, "::ffff:192.0.2.1"}}, "192.0.2.1", "::ffff:192.0.2.1"},
        {{{xff, "192.0.2.1,, ,"}}, "192.0.2.1", "192.0.2.1,, ,"},
        // What is no address ends the search: nobody vouches for what is left of it.
        {{{xff, "192.0.2.1, unknown"}}, "10.0.0.1", "192.0.2.1, unknown"},
        {{{xff, "192.0.2.1, evil, 10.2.2.2"}}, "10.2.2.2", "192.0.2.1, evil, 10.2.2.2"},
        {{{xff, "192.0.2.1 10.2.2.2"}}, "10.0.0.1", "192.0.2.1 10.2.2.2"},
        {{{xff, ""}}, "10.0.0.1", ""},
    };
    for (const Row &row : rows) {
        CAPTURE(row.chain);
        const Forwarded read_row = read(row.fields);
        CHECK(read_row.client == row.client);
        CHECK(read_row.chain == row.chain);
    }
}

TEST_CASE("scheme and host are taken over if they make sense") {
    const Forwarded good = read({{"X-Forwarded-Proto", "HTTPS"}, {"X-Forwarded-Host", "a.b:443"}});
    CHECK(good.proto == "https");
    CHECK(good.host == "a.b:443");
    const Forwarded bad = read({{"X-Forwarded-Proto", "gopher"}, {"X-Forwarded-Host", "a/b"}});
    CHECK(bad.proto.empty());
    CHECK(bad.host.empty());
    const Forwarded twice = read({{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "http"}});
    CHECK(twice.proto.empty());
}

TEST_CASE("the standard field is read where there is no other") {
    const Forwarded one = read({{"Forwarded", "for=192.0.2.1;proto=https;host=a;by=10.0.0.1"}});
    CHECK(one.client == "192.0.2.1");
    CHECK(one.chain == "192.0.2.1");
    CHECK(one.proto == "https");
    CHECK(one.host == "a");

    const Forwarded many =
        read({{"Forwarded", "for=6.6.6.6;proto=http, For=\"[2001:db9::1]:47\" ;Proto=HTTPS"},
              {"Forwarded", "for=10.2.2.2;proto=http"}});
    CHECK(many.client == "2001:db9::1");
    CHECK(many.chain == "6.6.6.6, 2001:db9::1, 10.2.2.2");
    CHECK(many.proto == "https");

    const Forwarded hidden =
        read({{"Forwarded", "for=192.0.2.1, for=_x;proto=https, for=10.2.2.2"}});
    CHECK(hidden.client == "10.2.2.2");
    CHECK(hidden.chain == "10.2.2.2");
    CHECK(hidden.proto.empty());

    const Forwarded both =
        read({{"Forwarded", "for=6.6.6.6;proto=https"}, {"X-Forwarded-For", "192.0.2.1"}});
    CHECK(both.client == "192.0.2.1");
    CHECK(both.proto.empty());
}

TEST_CASE("what a client writes into Forwarded cannot spoil what proxies append") {
    for (const std::string_view value :
         {"\", for=192.0.2.1", "for=\"6.6.6.6, for=192.0.2.1", "x, for=192.0.2.1",
          "for=192.0.2.1, for=10.2.2.2", ",, for=192.0.2.1 ,"}) {
        CAPTURE(value);
        CHECK(read({{"Forwarded", value}}).client == "192.0.2.1");
    }
    CHECK(read({{"Forwarded", "\""}, {"Forwarded", "for=192.0.2.1"}}).client == "192.0.2.1");
}

TEST_CASE("a malformed Forwarded is not believed") {
    for (const std::string_view value :
         {"for", "for=", "=1.2.3.4", "for=\"1.2.3.4", "for=\"1.2\\.3.4\"", "for=1.2.3.4 x",
          "for=1.2.3.4 proto=https", "for=[::1]"}) {
        CAPTURE(value);
        const Forwarded read_one = read({{"Forwarded", value}});
        CHECK(read_one.client == "10.0.0.1");
        CHECK(read_one.chain.empty());
    }
}

}  // namespace uvoy::route
