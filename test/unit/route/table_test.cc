#include "route/table.h"

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

}  // namespace uvoy::route
