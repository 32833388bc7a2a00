#include "server/dns_lookup.h"

#include "../uv/nameserver.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

namespace uvoy::server {

namespace {

const std::string name = "api.internal";
const std::string service = "_http._tcp.internal";

struct Asked {
    explicit Asked(uv::Loop &loop_) : loop{loop_}, dns{loop_} {
        config.dns = {.host = name, .port = 80, .path = {}};
        config.server = {.host = "127.0.0.1", .port = dns.port(), .path = {}};
    }

    void use_service() {
        config.record = config::Discovery::Record::service;
        config.dns = {.host = service, .port = 0, .path = {}};
    }

    DnsLookup::Outcome ask(DnsLookup::Sources sources = DnsLookup::Sources::dns) {
        done = false;
        DnsLookup lookup{loop, config, Delegate<void()>::bind<&Asked::on_done>(*this), sources};
        const auto over = [&] { return done; };
        // A lookup may take as long as one turn_until() waits.
        REQUIRE((uv::turn_until(loop, over) || uv::turn_until(loop, over)));
        return lookup.outcome();
    }
    void on_done() { done = true; }

    uv::Loop &loop;
    uv::Nameserver dns;
    config::Discovery config;
    bool done = false;
};

std::vector<std::string> texts(const DnsLookup::Outcome &outcome) {
    std::vector<std::string> texts;
    for (const DnsLookup::Found &found : outcome.found) {
        texts.push_back(uv::to_text(found.address));
        if (found.weight != 1 || found.priority != 0)
            texts.back() += fmt::format(" weight {} priority {}", found.weight, found.priority);
    }
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the addresses of both families are found, each once and in their order") {
    uv::Loop loop;
    Asked asked{loop};
    for (const char *ip : {"2001:db8::2", "2001:db8::1"}) asked.dns.aaaa(name, ip);
    for (const char *ip : {"10.0.0.10", "10.0.0.9", "10.0.0.10"}) asked.dns.a(name, ip);
    asked.dns.ttl = 7;
    const auto outcome = asked.ask();
    CHECK(texts(outcome) ==
          Texts{"10.0.0.9:80", "10.0.0.10:80", "[2001:db8::1]:80", "[2001:db8::2]:80"});
    CHECK(outcome.ttl == std::chrono::seconds{7});
    CHECK_FALSE(outcome.failed());
}

TEST_CASE("a name may have IPv6 addresses only") {
    uv::Loop loop;
    Asked asked{loop};
    asked.dns.aaaa(name, "2001:db8::1");
    const auto outcome = asked.ask();
    CHECK(texts(outcome) == Texts{"[2001:db8::1]:80"});
    CHECK_FALSE(outcome.failed());
}

TEST_CASE("what fails of one family leaves only that one unknown") {
    uv::Loop loop;
    Asked asked{loop};
    asked.dns.a(name, "10.0.0.1");
    asked.dns.aaaa(name, "2001:db8::1");
    asked.dns.fails = {uv::DnsType::aaaa};
    const auto outcome = asked.ask();
    CHECK(texts(outcome) == Texts{"10.0.0.1:80"});
    CHECK(outcome.ipv6_unknown);
    CHECK_FALSE(outcome.ipv4_unknown);
    CHECK(outcome.problem.starts_with("AAAA api.internal: "));
}

TEST_CASE("what is not answered of one family leaves only that one unknown") {
    uv::Loop loop;
    Asked asked{loop};
    asked.dns.a(name, "10.0.0.1");
    asked.dns.ignores = {uv::DnsType::aaaa};
    const auto outcome = asked.ask();
    CHECK(texts(outcome) == Texts{"10.0.0.1:80"});
    CHECK(outcome.ipv6_unknown);
    CHECK_FALSE(outcome.ipv4_unknown);
    CHECK(outcome.problem == "no answer in time");
}

TEST_CASE("an answer that is too large for UDP comes over TCP") {
    uv::Loop loop;
    Asked asked{loop};
    for (int i = 0; i < 200; ++i) asked.dns.a(name, fmt::format("10.0.1.{}", i));
    asked.dns.truncates = true;
    const auto outcome = asked.ask();
    CHECK(outcome.found.size() == 200);
    CHECK_FALSE(outcome.failed());
    CHECK(asked.dns.streams == 2);
}

TEST_CASE("the records of a service tell ports and weights, and priorities in their order") {
    uv::Loop loop;
    Asked asked{loop};
    asked.use_service();
    asked.dns.srv(service, "one.internal", 8001, 20, 5);
    asked.dns.srv(service, "two.internal", 8002, 700, 0);
    asked.dns.srv(service, "one.internal", 8003, 10, 3);
    asked.dns.srv(service, "two.internal", 0, 10, 3);
    asked.dns.a("one.internal", "10.0.0.1");
    asked.dns.a("two.internal", "10.0.0.2");
    asked.dns.aaaa("two.internal", "2001:db8::2");
    CHECK(texts(asked.ask()) ==
          Texts{"10.0.0.1:8001 weight 5 priority 1", "10.0.0.1:8003 weight 3 priority 0",
                "10.0.0.2:8002 weight 1 priority 2", "[2001:db8::2]:8002 weight 1 priority 2"});
}

TEST_CASE("of more priorities than there may be the last ones are one") {
    uv::Loop loop;
    Asked asked{loop};
    asked.use_service();
    for (unsigned i = 0; i < 20; ++i) asked.dns.srv(service, "one.internal", 8000 + i, i, 1);
    asked.dns.a("one.internal", "10.0.0.1");
    const auto outcome = asked.ask();
    REQUIRE(outcome.found.size() == 20);
    for (std::uint16_t i = 0; i < 20; ++i)
        CHECK(outcome.found[i].priority == std::min(i, std::uint16_t{15}));
}

TEST_CASE("an address that a service tells twice has its first priority") {
    uv::Loop loop;
    Asked asked{loop};
    asked.use_service();
    asked.dns.srv(service, "one.internal", 80, 2, 9);
    asked.dns.srv(service, "alias.internal", 80, 1, 4);
    for (const char *target : {"one.internal", "alias.internal"}) asked.dns.a(target, "10.0.0.1");
    CHECK(texts(asked.ask()) == Texts{"10.0.0.1:80 weight 4 priority 0"});
}

TEST_CASE("a service that there is not has no endpoint") {
    uv::Loop loop;
    Asked asked{loop};
    asked.use_service();
    asked.dns.srv(service, "", 0);
    const auto outcome = asked.ask();
    CHECK(outcome.found.empty());
    CHECK_FALSE(outcome.failed());
    CHECK(outcome.problem == "SRV: there is no such service");
}

TEST_CASE("no more targets are asked for than there may be endpoints") {
    uv::Loop loop;
    Asked asked{loop};
    asked.use_service();
    asked.config.max_endpoints = 3;
    for (int i = 0; i < 10; ++i) asked.dns.srv(service, fmt::format("t{}.internal", i), 80);
    for (int i = 0; i < 10; ++i) asked.dns.a(fmt::format("t{}.internal", i), "10.0.0.1");
    asked.ask();
    CHECK(asked.dns.datagrams == 1 + 2 * 3);
}

TEST_CASE("a lying server cannot fill the memory") {
    uv::Loop loop;
    Asked asked{loop};
    asked.use_service();
    asked.config.max_endpoints = 1000;
    asked.dns.truncates = true;
    for (unsigned port = 1; port <= 1500; ++port) asked.dns.srv(service, "t", port);
    for (int i = 0; i < 40; ++i) asked.dns.a("t", fmt::format("10.0.0.{}", i));
    CHECK(asked.ask().found.size() == 16'384);
}

TEST_CASE("a name of /etc/hosts is found there, where it is wanted") {
    uv::Loop loop;
    Asked asked{loop};
    asked.config.dns.host = "localhost";
    asked.dns.a("localhost", "10.0.0.1");
    const auto outcome = asked.ask(DnsLookup::Sources::hosts_first);
    REQUIRE_FALSE(outcome.found.empty());
    CHECK(texts(outcome).front() == "127.0.0.1:80");
    CHECK(outcome.ttl == DnsLookup::hosts_ttl);
    CHECK(asked.dns.datagrams == 0);

    asked.config.dns.host = name;
    asked.dns.a(name, "10.0.0.2");
    CHECK(texts(asked.ask(DnsLookup::Sources::hosts_first)) == Texts{"10.0.0.2:80"});
}

}  // namespace uvoy::server
