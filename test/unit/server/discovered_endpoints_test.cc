#include "server/discovered_endpoints.h"

#include "server/endpoint_addresses.h"
#include "server/health_checker.h"
#include "server/health_keeper.h"
#include "server/snapshot_publisher.h"
#include "view.h"

#include "base/log.h"

#include "../uv/fixture.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace uvoy::server {

namespace {

using namespace std::chrono_literals;
using Names = std::set<std::string>;

/// A cluster of which DNS tells, in simulated time: the loop never turns.
struct Discovered {
    explicit Discovered(const std::function<void(config::Cluster &)> &change = {})
        : runtime{config_of(change), 1, 1},
          addresses{runtime},
          clusters{runtime},
          publisher{loop, clusters},
          keeper{loop, runtime, 7,
                 HealthKeeper::OnChange::bind<&Discovered::on_health_change>(*this)},
          checker{loop, runtime, addresses, keeper},
          endpoints{{runtime, addresses, clusters, checker, publisher, totals}, 0} {
        publisher.set_health(keeper.table());
        log::set_sink([](log::Level, std::string_view) {});
    }

    static config::Config config_of(const std::function<void(config::Cluster &)> &change) {
        config::Config config;
        config.clusters = {cluster_of("app", {})};
        config::Cluster &cluster = config.clusters[0];
        cluster.load_balancing.policy = config::Policy::round_robin;
        cluster.discovery.emplace();
        cluster.discovery->dns = {.host = "api.internal", .port = 80, .path = {}};
        if (change) change(cluster);
        return config;
    }

    static DnsLookup::Outcome outcome_of(const std::vector<std::string> &texts) {
        DnsLookup::Outcome outcome;
        for (const std::string &text : texts)
            outcome.found.push_back({.address = *uv::parse_address(text)});
        return outcome;
    }

    bool apply(const DnsLookup::Outcome &outcome) { return endpoints.apply(outcome, now); }
    bool apply(const std::vector<std::string> &texts) { return apply(outcome_of(texts)); }

    void on_health_change(std::size_t cluster) {
        endpoints.on_health_change();
        publisher.on_change(cluster);
    }

    proxy::EndpointId id_of(const std::string &name) const {
        const auto &list = runtime.cluster(0).endpoints;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (list[i] && list[i]->name == name) return {0, static_cast<std::uint16_t>(i)};
        FAIL(name << " is no endpoint");
        return {};
    }
    const EndpointHealth &health_of(const std::string &name) const {
        return keeper.table().at(id_of(name));
    }
    void check(const std::string &name, bool passes, int times) {
        for (int i = 0; i < times; ++i) {
            now += 1s;
            keeper.on_check_result(id_of(name),
                                   {.ok = passes, .detail = passes ? "" : "connect_refused"}, now);
        }
    }

    const cluster::Snapshot &snapshot() {
        publisher.publish_now();
        return clusters.current(0);
    }
    /// Those that requests may go to.
    Names members() {
        Names names;
        for (const auto &endpoint : snapshot().membership().endpoints())
            if (endpoint) names.insert(endpoint->name);
        return names;
    }

    rcu::Thread thread;
    uv::Loop loop;
    TimePoint now = uv::Loop::now();
    proxy::Runtime runtime;
    EndpointAddresses addresses;
    LiveClusters clusters;
    SnapshotPublisher publisher;
    HealthKeeper keeper;
    HealthChecker checker;
    stats::Totals totals{runtime.dimensions()};
    DiscoveredEndpoints endpoints;
};

const std::string a = "10.0.0.1:80";
const std::string b = "10.0.0.2:80";
const std::string c = "10.0.0.3:80";
const std::string wide = "[2001:db8::1]:80";

}  // namespace

TEST_CASE("the first endpoints serve at once, one that comes later after its first check") {
    Discovered discovered;
    CHECK(discovered.apply({a, wide}));
    CHECK(discovered.members() == Names{a, wide});
    CHECK(discovered.apply({a, b, wide}));
    CHECK(discovered.members() == Names{a, wide});
    CHECK(discovered.endpoints.size() == 3);
    discovered.check(b, false, 1);
    CHECK(discovered.members() == Names{a, wide});
    discovered.check(b, true, 2);
    CHECK(discovered.members() == Names{a, b, wide});
    CHECK(uv::to_text(discovered.addresses.current(
              discovered.runtime.endpoint_number(discovered.id_of(wide)))) == wide);
}

TEST_CASE("without checks one that comes serves at once") {
    Discovered discovered{
        [](config::Cluster &it) { it.health_check.type = config::HealthCheck::Type::none; }};
    discovered.apply({a});
    discovered.apply({a, b});
    CHECK(discovered.members() == Names{a, b});
}

TEST_CASE("when DNS replaces all endpoints the new ones serve without a check") {
    Discovered discovered;
    discovered.apply({a});
    CHECK(discovered.apply({b, c}));
    CHECK(discovered.members() == Names{b, c});
    CHECK(discovered.snapshot().healthy_count() == 2);
}

TEST_CASE("when nobody healthy is left those on trial serve") {
    Discovered discovered;
    discovered.apply({a});
    discovered.apply({a, b});
    CHECK(discovered.members() == Names{a});
    SUBCASE("because the last one failed its checks") { discovered.check(a, false, 2); }
    SUBCASE("because the last one left") { discovered.apply({b}); }
    CHECK(discovered.members().contains(b));
    CHECK(discovered.snapshot().healthy_count() == 1);
}

TEST_CASE("the last endpoint stays until there is a place for another") {
    Discovered discovered{[](config::Cluster &it) { it.discovery->max_endpoints = 1; }};
    CHECK(discovered.apply({a}));
    discovered.members();  // a is in a snapshot, and has a place of two
    CHECK(discovered.apply({b}));
    discovered.members();
    CHECK_FALSE(discovered.apply({c}));
    CHECK(discovered.members() == Names{b});
    discovered.apply({b});  // sees that a is forgotten by everybody
    discovered.now += cluster::EndpointSlots::rest;
    discovered.apply({c});
    discovered.now += cluster::EndpointSlots::rest;
    CHECK(discovered.apply({c}));
    CHECK(discovered.members() == Names{c});
}

TEST_CASE("of too many addresses the first are used") {
    Discovered discovered{[](config::Cluster &it) { it.discovery->max_endpoints = 2; }};
    CHECK(discovered.apply({wide, c, a, b}));
    CHECK(discovered.members() == Names{a, b});
}

TEST_CASE("endpoints of a family that DNS does not tell stay") {
    Discovered discovered;
    discovered.apply({a, wide});
    DnsLookup::Outcome outcome = Discovered::outcome_of({b});
    outcome.ipv6_unknown = true;
    discovered.apply(outcome);
    discovered.check(b, true, 1);
    CHECK(discovered.members() == Names{b, wide});
    discovered.apply({b});
    CHECK(discovered.members() == Names{b});
}

TEST_CASE("one with a new weight or priority keeps its health") {
    Discovered discovered;
    discovered.apply({a, b});
    discovered.check(b, false, 2);
    CHECK_FALSE(discovered.health_of(b).health.healthy());
    DnsLookup::Outcome outcome = Discovered::outcome_of({a, b});
    outcome.found[1].weight = 7;
    outcome.found[1].priority = 1;
    discovered.apply(outcome);
    CHECK_FALSE(discovered.health_of(b).health.healthy());
    CHECK(discovered.health_of(b).presence == Presence::member);
    const auto &endpoint = discovered.runtime.endpoint(discovered.id_of(b));
    CHECK(endpoint.weight == 7);
    CHECK(endpoint.priority == 1);
    CHECK(discovered.members() == Names{a, b});
    CHECK(discovered.snapshot().healthy_count() == 1);
}

TEST_CASE("the first priority of a service serves, and the next when it is out") {
    Discovered discovered;
    DnsLookup::Outcome outcome = Discovered::outcome_of({a, b});
    outcome.found[1].priority = 1;
    discovered.apply(outcome);
    const auto all_go_to = [&](const std::string &name) {
        const cluster::Snapshot &snapshot = discovered.snapshot();
        Random random{1};
        std::uint32_t cursor = 0;
        for (std::uint64_t i = 0; i < 100; ++i) {
            const std::uint16_t picked =
                snapshot.pick({.hash = mix(i), .random = random, .cursor = cursor, .tried = {}});
            if (picked == cluster::no_endpoint || snapshot.endpoint(picked)->name != name)
                return false;
        }
        return true;
    };
    CHECK(all_go_to(a));
    discovered.check(a, false, 2);
    CHECK(all_go_to(b));
}

TEST_CASE("the load of all endpoints that DNS ever told bounds that of each") {
    Discovered discovered{[](config::Cluster &it) {
        it.load_balancing.policy = config::Policy::ring_hash;
        it.load_balancing.bounded_load = config::Factor{150};
    }};
    discovered.apply({a, b});
    discovered.apply({a, b, c});
    discovered.check(c, true, 1);
    const auto endpoint = [&](const std::string &name) -> cluster::Endpoint & {
        return discovered.runtime.endpoint(discovered.id_of(name));
    };
    REQUIRE(endpoint(a).load);
    CHECK(endpoint(c).load == endpoint(a).load);
    for (int i = 0; i < 12; ++i) endpoint(a).enter();
    CHECK(endpoint(c).load->in_flight == 12);
    const cluster::Snapshot &snapshot = discovered.snapshot();
    CHECK(snapshot.over_bound(discovered.id_of(a).index));
    CHECK_FALSE(snapshot.over_bound(discovered.id_of(c).index));
    Random random{1};
    std::uint32_t cursor = 0;
    for (std::uint64_t i = 0; i < 100; ++i) {
        const std::uint16_t picked =
            snapshot.pick({.hash = mix(i), .random = random, .cursor = cursor, .tried = {}});
        REQUIRE(picked != cluster::no_endpoint);
        CHECK(picked != discovered.id_of(a).index);
    }
    for (int i = 0; i < 12; ++i) endpoint(a).leave();
}

}  // namespace uvoy::server
