#include "route/key.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace uvoy::route {

namespace {

using Source = config::KeyPart::Source;

struct Request {
    std::string path = "/p", query, host = "h", client_ip = "192.0.2.1", route = "r";
    http::Fields fields{};

    std::uint64_t hash(const std::vector<config::KeyPart> &parts, std::uint64_t seed = 1) const {
        return hash_key(parts,
                        {.path = path,
                         .query = query,
                         .host = host,
                         .client_ip = client_ip,
                         .route = route,
                         .fields = fields},
                        seed);
    }
};

}  // namespace

TEST_CASE("a key depends on its parts, on their order and on the seed, and on nothing else") {
    Request request;
    const std::vector<config::KeyPart> path{{Source::path, ""}};
    const std::vector<config::KeyPart> both{{Source::path, ""}, {Source::host, ""}};
    const std::vector<config::KeyPart> turned{{Source::host, ""}, {Source::path, ""}};
    const std::uint64_t first = request.hash(path);
    std::set<std::uint64_t> seen{first, request.hash(both), request.hash(turned),
                                 request.hash(path, 2), request.hash({})};
    CHECK(seen.size() == 5);
    request.host = "other";
    request.query = "a=1";
    CHECK(request.hash(path) == first);
    request.path = "/q";
    CHECK(request.hash(path) != first);
}

TEST_CASE("parts do not run into each other, and a missing one is not an empty one") {
    const std::vector<config::KeyPart> two{{Source::path, ""}, {Source::query, "q"}};
    Request one{.path = "/ab", .query = "q=c"};
    Request other{.path = "/a", .query = "q=bc"};
    CHECK(one.hash(two) != other.hash(two));
    Request empty{.query = "q="};
    Request missing{.query = ""};
    CHECK(empty.hash(two) != missing.hash(two));
}

TEST_CASE("hosts and header names compare without regard to case") {
    Request lower{.host = "example.com"};
    Request upper{.host = "EXAMPLE.Com"};
    CHECK(lower.hash({{Source::host, ""}}) == upper.hash({{Source::host, ""}}));
    lower.fields.push_back({.name = "X-User", .value = "ann"});
    CHECK(lower.hash({{Source::header, "x-user"}}) != upper.hash({{Source::header, "x-user"}}));
    upper.fields.push_back({.name = "x-uSER", .value = "ann"});
    CHECK(lower.hash({{Source::header, "x-user"}}) == upper.hash({{Source::header, "x-user"}}));
}

TEST_CASE("a query parameter is found by its whole name") {
    struct Case {
        std::string_view query, name, value;
        bool found;
    };
    for (const Case &row : std::vector<Case>{{"a=1&b=2", "b", "2", true},
                                             {"ab=1&b=2", "b", "2", true},
                                             {"b", "b", "", true},
                                             {"b=", "b", "", true},
                                             {"b=1=2", "b", "1=2", true},
                                             {"a=b", "b", "", false},
                                             {"", "b", "", false},
                                             {"&&b=1", "b", "1", true}}) {
        CAPTURE(row.query);
        const std::string_view value = query_parameter(row.query, row.name);
        CHECK((value.data() != nullptr) == row.found);
        CHECK(value == row.value);
    }
}

TEST_CASE("a cookie is found by its exact name, in any Cookie line, quotes and all") {
    struct Case {
        std::vector<std::string_view> lines;
        std::string_view name, value;
        bool found;
    };
    for (const Case &row : std::vector<Case>{{{"a=1"}, "a", "1", true},
                                             {{"a=1; b=2"}, "b", "2", true},
                                             {{"a=1;b=2"}, "b", "2", true},
                                             {{"a=1;  b=2 ; c=3"}, "b", "2", true},
                                             {{"a=1", "b=2"}, "b", "2", true},
                                             {{"b=1; b=2", "b=3"}, "b", "1", true},
                                             {{"b=\"q\""}, "b", "\"q\"", true},
                                             {{"b=x=y"}, "b", "x=y", true},
                                             {{"b="}, "b", "", true},
                                             {{"ab=1; b2=2; bb=3"}, "b", "", false},
                                             {{"B=1"}, "b", "", false},
                                             {{"a=b=1"}, "b", "", false},
                                             {{"b"}, "b", "", false},
                                             {{"; ;b =1;;"}, "b", "", false},
                                             {{"a=\"1; b=2\""}, "b", "2\"", true},
                                             {{""}, "b", "", false},
                                             {{}, "b", "", false}}) {
        http::Fields fields;
        for (const std::string_view line : row.lines)
            fields.push_back({.name = "Cookie", .value = line, .id = http::FieldId::cookie});
        fields.push_back({.name = "X-Cookie", .value = "b=9"});
        CAPTURE(row.lines.empty() ? "none" : row.lines[0]);
        const std::string_view value = cookie(fields, row.name);
        CHECK((value.data() != nullptr) == row.found);
        CHECK(value == row.value);
    }
}

TEST_CASE(
    "each kind of part makes a key of its own value, and a missing cookie is not an empty one") {
    const std::vector<std::vector<config::KeyPart>> keys{
        {{Source::path, ""}},      {{Source::host, ""}},   {{Source::client_ip, ""}},
        {{Source::header, "x-a"}}, {{Source::query, "a"}}, {{Source::cookie, "a"}},
        {{Source::route, ""}}};
    const auto request = [](std::string_view changed) {
        Request made{.query = changed == "query" ? "a=2" : "a=1"};
        if (changed == "path") made.path = "/other";
        if (changed == "host") made.host = "other";
        if (changed == "client_ip") made.client_ip = "192.0.2.2";
        if (changed == "route") made.route = "other";
        made.fields.push_back({.name = "X-A", .value = changed == "header" ? "2" : "1"});
        made.fields.push_back({.name = "Cookie",
                               .value = changed == "cookie" ? "a=2" : "a=1",
                               .id = http::FieldId::cookie});
        return made;
    };
    const char *const names[] = {"path", "host", "client_ip", "header", "query", "cookie", "route"};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        for (std::size_t j = 0; j < keys.size(); ++j) {
            CAPTURE(names[i]);
            CAPTURE(names[j]);
            CHECK((request("").hash(keys[i]) == request(names[j]).hash(keys[i])) == (i != j));
        }
    }
    Request empty;
    empty.fields.push_back({.name = "Cookie", .value = "a=", .id = http::FieldId::cookie});
    CHECK(empty.hash({{Source::cookie, "a"}}) != Request{}.hash({{Source::cookie, "a"}}));
}

TEST_CASE("limits count IPv6 clients by their /64") {
    std::array<char, 46> one;
    std::array<char, 46> other;
    CHECK(client_network("192.0.2.1", one) == "192.0.2.1");
    CHECK(client_network("2001:db8:0:1::1", one) == client_network("2001:db8:0:1:ffff::2", other));
    CHECK(client_network("2001:db8:0:1::1", one) != client_network("2001:db8:0:2::1", other));
    CHECK(client_network("unix:", one) == "unix:");
}

}  // namespace uvoy::route
