#include "proxy/kinship.h"

#include "proxy/runtime.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

namespace uvoy::proxy {

namespace {

using Ports = std::initializer_list<std::uint16_t>;

config::Listener listener(const char *name, Ports ports) {
    config::Listener listener;
    listener.name = name;
    for (const std::uint16_t port : ports)
        listener.addresses.push_back({.host = "127.0.0.1", .port = port, .path = {}});
    return listener;
}

config::Config with_endpoints(std::initializer_list<const char *> names) {
    config::Config config;
    config::Cluster &cluster = config.clusters.emplace_back();
    cluster.name = "app";
    for (const char *name : names)
        cluster.endpoints.push_back(
            {.name = name, .address = {.host = name, .port = 80, .path = {}}});
    return config;
}

/// Who sits where, "-" for an empty place.
std::string places(const Runtime &runtime) {
    std::string text;
    for (const auto &endpoint : runtime.cluster(0).endpoints)
        text += endpoint ? endpoint->name : "-";
    return text;
}

}  // namespace

TEST_CASE("a listener goes on as the one that has all its addresses, by name if several do") {
    struct Case {
        const char *what;
        std::vector<config::Listener> former, next;
        std::vector<std::optional<std::size_t>> heirs;
    };
    const std::vector<Case> cases{
        {"nothing changes", {listener("a", {1})}, {listener("a", {1})}, {0}},
        {"the order changes",
         {listener("a", {1}), listener("b", {2})},
         {listener("b", {2}), listener("a", {1})},
         {1, 0}},
        {"another name", {listener("a", {1})}, {listener("b", {1})}, {0}},
        {"one address more", {listener("a", {1})}, {listener("a", {1, 2})}, {0}},
        {"one address less", {listener("a", {1, 2})}, {listener("a", {1})}, {std::nullopt}},
        {"another address", {listener("a", {1})}, {listener("a", {2})}, {std::nullopt}},
        {"names change places",
         {listener("a", {1}), listener("b", {2})},
         {listener("a", {2}), listener("b", {1})},
         {1, 0}},
        {"two become one",
         {listener("a", {1}), listener("b", {2})},
         {listener("b", {1, 2})},
         {std::nullopt, 0}},
    };
    for (const Case &one : cases) {
        CAPTURE(one.what);
        config::Config former;
        former.listeners = one.former;
        config::Config next;
        next.listeners = one.next;
        CHECK(heirs_of_listeners(former, next) == one.heirs);
    }
}

TEST_CASE("endpoints keep their places, and who is new gets one that is free") {
    const Runtime first{with_endpoints({"a", "b", "c"}), 1, 1};
    const Runtime second{with_endpoints({"d", "c", "a"}), 1, 1, first};
    CHECK(places(second) == "adc");
    const Runtime third{with_endpoints({"c"}), 1, 1, second};
    CHECK(places(third) == "--c");
    const Runtime fourth{with_endpoints({"e", "f", "g", "c"}), 1, 1, third};
    CHECK(places(fourth) == "efcg");
    const Runtime fifth{with_endpoints({"e"}), 1, 1, fourth};
    CHECK(places(fifth) == "e");
}

TEST_CASE("the words of an endpoint are common to the configurations that do not change it") {
    const Runtime first{with_endpoints({"a", "b"}), 1, 1};
    config::Config config = with_endpoints({"b", "a"});
    config.clusters[0].endpoints[0].weight = 2;
    const Runtime second{config, 1, 1, first};
    CHECK(first.cluster(0).endpoints[0] == second.cluster(0).endpoints[0]);
    CHECK(first.cluster(0).endpoints[1] != second.cluster(0).endpoints[1]);
    // A connection to it is as good as before.
    const Heirs heirs{first, second};
    REQUIRE(heirs.endpoints[1]);
    CHECK(heirs.endpoints[1]->index == 1);
    CHECK(&first.overloaded() == &second.overloaded());
}

TEST_CASE("an endpoint at another address is another one, and counts anew") {
    const Runtime first{with_endpoints({"a", "b"}), 1, 1};
    config::Config config = with_endpoints({"a", "b"});
    config.clusters[0].endpoints[0].address.port = 81;
    const Runtime second{config, 1, 1, first};
    const Heirs heirs{first, second};
    CHECK_FALSE(heirs.endpoints[0].has_value());
    CHECK(heirs.endpoints[1].has_value());
    const stats::Lineage line = lineage(first, second);
    CHECK(line.endpoints[0] == stats::Lineage::nobody);
    CHECK(line.endpoints[1] == 1);
    CHECK(line.clusters[0] == 0);
}

}  // namespace uvoy::proxy
