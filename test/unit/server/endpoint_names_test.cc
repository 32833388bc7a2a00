#include "server/endpoint_names.h"

#include "server/refresh_pause.h"
#include "view.h"

#include "base/log.h"

#include "../uv/nameserver.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace uvoy::server {

namespace {

const std::string host = "app.internal";
using Texts = std::vector<std::string>;
using Found = Result<std::vector<uv::SocketAddress>, std::string>;

/// What the start found for any name.
Found found_at_start(const std::string & /*host*/, std::uint16_t port) {
    std::vector<uv::SocketAddress> list;
    for (const char *text : {"[2001:db8::1]:0", "10.0.0.5:0"})
        list.push_back(*uv::parse_address(text));
    for (uv::SocketAddress &address : list) address.set_port(port);
    return list;
}

Found ipv4_at_start(const std::string & /*host*/, std::uint16_t port) {
    uv::SocketAddress address = *uv::parse_address("10.0.0.5:0");
    address.set_port(port);
    return std::vector{address};
}

config::Config config_of(const std::vector<std::string> &hosts) {
    config::Config config;
    config.clusters = {cluster_of("app", std::vector<std::string>(hosts.size()))};
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        config::Endpoint &endpoint = config.clusters[0].endpoints[i];
        endpoint.address.host = hosts[i];
        endpoint.name = endpoint.address.text();
    }
    return config;
}

std::vector<std::string> many_hosts(int count) {
    std::vector<std::string> hosts;
    for (int i = 0; i < count; ++i) hosts.push_back("n" + std::to_string(i) + ".internal");
    return hosts;
}

Texts lines;  // of the log

struct Named {
    explicit Named(uv::Loop &loop_, const std::vector<std::string> &hosts = {host},
                   EndpointAddresses::Resolve resolve = &ipv4_at_start)
        : loop{loop_}, dns{loop_}, runtime{config_of(hosts), 1, 1}, addresses{runtime, resolve} {
        lines.clear();
        log::set_sink([](log::Level, std::string_view line) { lines.emplace_back(line); });
    }
    ~Named() {
        names.reset();
        log::set_sink([](log::Level, std::string_view) {});
    }

    Named(const Named &) = delete;
    Named &operator=(const Named &) = delete;

    void follow() {
        const config::Address server{.host = "127.0.0.1", .port = dns.port(), .path = {}};
        names = std::make_unique<EndpointNames>(
            loop, runtime, addresses, EndpointNames::Settings{.seed = 185, .server = server});
    }
    std::string at(std::size_t endpoint = 0) const {
        return uv::to_text(addresses.current(endpoint));
    }
    /// Until so many questions have come, of either family, and answers had their time.
    void wait_for_questions(int count) {
        REQUIRE(uv::turn_until(loop, [&] { return dns.datagrams >= count; }));
        uv::turn_for(loop, std::chrono::milliseconds{20});
    }

    rcu::Thread thread;
    uv::Loop &loop;
    uv::Nameserver dns;
    proxy::Runtime runtime;
    EndpointAddresses addresses;
    std::unique_ptr<EndpointNames> names;
};

}  // namespace

TEST_CASE("an endpoint goes where its name goes, and the log tells it") {
    uv::Loop loop;
    Named named{loop};
    named.dns.a(host, "10.0.0.6");
    named.follow();
    CHECK(named.at() == "10.0.0.5:8081");
    REQUIRE(uv::turn_until(loop, [&] { return !lines.empty(); }));
    CHECK(named.at() == "10.0.0.6:8081");
    CHECK(lines == Texts{"cluster app: endpoint app.internal:8081 is at 10.0.0.6:8081 now, "
                         "no longer at 10.0.0.5:8081"});

    SUBCASE("again when the records' time to live is over") {
        named.dns.clear();
        named.dns.a(host, "10.0.0.7");
        REQUIRE(uv::turn_until(loop, [&] { return lines.size() == 2; }));
        CHECK(named.at() == "10.0.0.7:8081");
    }
    SUBCASE("and stays there when the name is gone") {
        named.dns.clear();
        REQUIRE(uv::turn_until(loop, [&] { return lines.size() == 2; }));
        CHECK(lines.back().starts_with(
            "endpoints at app.internal: DNS does not tell where that is ("));
        CHECK(named.at() == "10.0.0.6:8081");
        named.dns.a(host, "10.0.0.7");
        REQUIRE(uv::turn_until(loop, [&] { return lines.size() == 4; }));
        CHECK(lines[2] == "endpoints at app.internal: DNS tells where that is again");
        CHECK(named.at() == "10.0.0.7:8081");
    }
}

TEST_CASE("the address in use stays while it is one of the answers") {
    uv::Loop loop;
    Named named{loop};
    for (const char *ip : {"10.0.0.4", "10.0.0.5", "10.0.0.6"}) named.dns.a(host, ip);
    named.follow();
    named.wait_for_questions(2);
    CHECK(named.at() == "10.0.0.5:8081");
    CHECK(named.addresses.all(0).size() == 3);
    CHECK(lines.empty());
    named.addresses.try_next(0);
    CHECK(named.at() == "10.0.0.6:8081");
}

TEST_CASE("addresses of a family that DNS does not tell are kept") {
    uv::Loop loop;
    Named named{loop, {host}, &found_at_start};
    named.dns.a(host, "10.0.0.6");
    named.dns.aaaa(host, "2001:db8::9");
    named.dns.fails = {uv::DnsType::aaaa};
    named.follow();
    REQUIRE(uv::turn_until(loop, [&] {
        return named.addresses.all(0).front().port() == 8081 &&
               named.addresses.all(0).front().family() == AF_INET;
    }));
    CHECK(named.at() == "[2001:db8::1]:8081");
    named.addresses.try_next(0);
    CHECK(named.at() == "10.0.0.6:8081");
}

TEST_CASE("a new address is of the family of the former one, if there is any") {
    uv::Loop loop;
    Named named{loop, {host}, &found_at_start};
    named.dns.a(host, "10.0.0.5");
    named.dns.aaaa(host, "2001:db8::9");
    named.follow();
    REQUIRE(uv::turn_until(loop, [&] { return !lines.empty(); }));
    CHECK(named.at() == "[2001:db8::9]:8081");
}

TEST_CASE("a name is asked for once, whoever has it, and numbers and localhost never") {
    uv::Loop loop;
    Named named{loop, {host, host, "10.0.0.1", "localhost", "::1"}};
    named.dns.a(host, "10.0.0.6");
    named.follow();
    CHECK(named.names->size() == 1);
    REQUIRE(uv::turn_until(loop, [&] { return lines.size() == 2; }));
    CHECK(named.at(0) == "10.0.0.6:8081");
    CHECK(named.at(1) == "10.0.0.6:8082");
    CHECK(named.dns.datagrams == 2);
}

TEST_CASE("many names are all asked for") {
    uv::Loop loop;
    const std::vector<std::string> hosts = many_hosts(60);
    Named named{loop, hosts};
    for (const std::string &one : hosts) named.dns.a(one, "10.0.0.6");
    named.dns.ttl = 3600;
    named.follow();
    REQUIRE(uv::turn_until(loop, [&] { return lines.size() == hosts.size(); }));
    CHECK(named.dns.datagrams == 2 * 60);
}

TEST_CASE("no more than a few questions wait for an answer") {
    uv::Loop loop;
    Named named{loop, many_hosts(200)};
    named.dns.silent = true;
    named.follow();
    constexpr int most = 2 * static_cast<int>(EndpointNames::most_at_once);
    named.wait_for_questions(most);
    uv::turn_for(loop, std::chrono::milliseconds{150});
    CHECK(named.dns.datagrams == most);
}

TEST_CASE("pauses follow answers, grow with failures, and spread by a tenth") {
    using namespace std::chrono_literals;
    RefreshPause pause{1};
    const auto about = [](Duration told, Duration wanted) {
        return told >= wanted && told <= wanted + wanted / 10;
    };
    for (const Duration wanted : std::initializer_list<Duration>{1s, 2s, 4s, 8s, 16s, 30s, 30s})
        CHECK(about(pause.after_failure(), wanted));
    CHECK(about(pause.after_answer(60s), 60s));
    CHECK(about(pause.after_failure(), 1s));
    CHECK(RefreshPause::bounded(0s) == 1s);
    CHECK(RefreshPause::bounded(90min) == 1h);
    CHECK(pause.after_answer(60s) != pause.after_answer(60s));
}

}  // namespace uvoy::server
