#include "route/table.h"

#include "base/random.h"

#include <doctest/doctest.h>

#include <string>

namespace uvoy::route {

namespace {

using Host = config::HostMatch::Kind;
using Path = config::PathMatch::Kind;

config::Route make(Host host, std::string host_text, Path path, std::string path_text) {
    config::Route route;
    route.match.host = {.kind = host, .text = std::move(host_text)};
    route.match.path = {.kind = path, .text = std::move(path_text)};
    return route;
}

// What Table::match promises, one by one.
std::optional<std::size_t> first_match(const Table &table, std::size_t routes, const Input &input) {
    for (std::size_t i = 0; i < routes; ++i)
        if (!table.mismatch(i, input)) return i;
    return std::nullopt;
}

}  // namespace

TEST_CASE("the first route that matches takes the request") {
    std::vector<config::Route> routes{
        make(Host::exact, "example.com", Path::exact, "/a"),
        make(Host::suffix, ".example.com", Path::prefix, "/api/"),
        make(Host::any, "", Path::prefix, "/a"),
    };
    routes.push_back(make(Host::any, "", Path::any, ""));
    routes.back().match.listener = 1;
    const Table table{routes};
    struct Case {
        std::size_t listener;
        std::string host, path;
        int route;  // -1: none
    };
    for (const Case &row : std::vector<Case>{
             {0, "example.com", "/a", 0},
             {0, "EXAMPLE.com", "/a", 0},
             {0, "example.com", "/A", -1},
             {0, "example.org", "/a", 2},
             {0, "example.com", "/ab", 2},
             {0, "www.example.com", "/api/x", 1},
             {0, "a.b.Example.COM", "/api/", 1},
             {0, "example.com", "/api/x", 2},  // the suffix wants a label of its own
             {0, ".example.com", "/api/x", 2},
             {0, "notexample.com", "/api/x", 2},
             {0, "", "/b", -1},
             {1, "", "/b", 3},
             {1, "", "*", 3},
         }) {
        CAPTURE(row.host);
        CAPTURE(row.path);
        const auto found = table.match({row.listener, row.host, row.path});
        CHECK((found ? static_cast<int>(*found) : -1) == row.route);
    }
}

TEST_CASE("however many routes there are, the first that matches takes the request") {
    Random random{1};
    const auto one_of = [&random](const std::vector<std::string> &list) {
        return list[random.below(static_cast<std::uint32_t>(list.size()))];
    };
    const std::vector<std::string> names{"a.b", "b",  "A.b", "c.a.b", "d.c.a.b",
                                         "x",   "ab", ".b",  ""};
    const std::vector<std::string> paths{"/",      "/a", "/a/",   "/a/b", "/a/bc", "/ab",
                                         "/a/b/c", "/b", "/a/b/", "*",    "/c",    "/aa"};
    std::size_t matched = 0;
    for (int round = 0; round < 300; ++round) {
        std::vector<config::Route> routes;
        const std::size_t count = 1 + random.below(40);
        while (routes.size() < count) {
            const auto host = static_cast<Host>(random.below(3));
            const auto path = static_cast<Path>(random.below(3));
            std::string name = one_of(names);
            if (host == Host::suffix) name.insert(0, ".");
            routes.push_back(make(host, name, path, path == Path::any ? "" : one_of(paths)));
            if (random.below(3) == 0) routes.back().match.listener = random.below(2);
            // So that not all end at a route for everything.
            if (host == Host::any && path == Path::any && random.below(8) != 0) routes.pop_back();
        }
        const Table table{routes};
        for (int i = 0; i < 100; ++i) {
            const std::string host = one_of(names);
            const std::string path = one_of(paths);
            const Input input{random.below(3), host, path};
            CAPTURE(host);
            CAPTURE(path);
            const auto found = table.match(input);
            CHECK(found == first_match(table, routes.size(), input));
            matched += found ? 1U : 0U;
        }
    }
    CHECK(matched > 3'000);
    CHECK(matched < 29'000);
}

TEST_CASE("a host that is longer than any name is matched by none") {
    std::vector<config::Route> routes(10, make(Host::suffix, ".example.com", Path::any, ""));
    const std::string longest = std::string(243, 'a') + ".example.com";
    for (const std::size_t count : {10U, 1U}) {
        routes.resize(count);
        const Table table{routes};
        CHECK(table.match({0, longest, "/"}) == 0U);
        CHECK(table.match({0, "a" + longest, "/"}) == std::nullopt);
        CHECK(first_match(table, count, {0, "a" + longest, "/"}) == std::nullopt);
    }
}

}  // namespace uvoy::route
