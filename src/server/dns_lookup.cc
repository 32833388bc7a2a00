#include "server/dns_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace uvoy::server {

namespace {

constexpr std::uint16_t most_priorities = 16;

/// Addresses of all services together: more than a cluster can use, less than a lie could make.
constexpr std::size_t most_found = 16'384;

std::string_view name_of(uv::DnsType type) {
    switch (type) {
        case uv::DnsType::a:
            return "A";
        case uv::DnsType::aaaa:
            return "AAAA";
        case uv::DnsType::srv:
            return "SRV";
    }
    return "";
}

/// The place of each priority among those that there are; the last places are one.
std::map<std::uint16_t, std::uint16_t> ranks(const std::vector<uv::DnsRecord> &records) {
    std::map<std::uint16_t, std::uint16_t> ranks;
    for (const uv::DnsRecord &record : records) ranks.emplace(record.priority, 0);
    std::uint16_t next = 0;
    for (auto &[priority, rank] : ranks) {
        rank = next;
        if (next + 1 < most_priorities) ++next;
    }
    return ranks;
}

}  // namespace

DnsLookup::DnsLookup(uv::Loop &loop, const config::Discovery &config, Delegate<void()> on_done,
                     Sources sources)
    : most_{config.max_endpoints},
      on_done_{on_done},
      timer_{loop, Delegate<void()>::bind<&DnsLookup::on_timer>(*this)},
      client_{loop, config.server ? config.server->text() : std::string{}} {
    timer_.arm(longest);
    if (config.record == config::Discovery::Record::service) {
        open_.insert(uv::DnsType::srv);
        ask(config.dns.host, config.dns.host, uv::DnsType::srv);
        return;
    }
    services_[config.dns.host] = {Service{.port = config.dns.port}};
    if (sources == Sources::hosts_first && find_in_hosts(config.dns)) return;
    ask_for_addresses(config.dns.host, config.dns.host);
}

bool DnsLookup::find_in_hosts(const config::Address &address) {
    for (uv::SocketAddress &found : client_.find_in_hosts(address.host)) {
        found.set_port(address.port);
        outcome_.found.push_back({.address = found});
    }
    if (outcome_.found.empty()) return false;
    outcome_.ttl = hosts_ttl;
    timer_.arm(Duration{});
    return true;
}

void DnsLookup::ask_for_addresses(const std::string &key, const std::string &name) {
    // Both before an answer may come.
    open_.insert(uv::DnsType::a);
    open_.insert(uv::DnsType::aaaa);
    ask(key, name, uv::DnsType::a);
    ask(key, name, uv::DnsType::aaaa);
}

void DnsLookup::ask(const std::string &key, const std::string &name, uv::DnsType type) {
    client_.ask(name, type,
                [this, key, type](const Answer &answer) { on_answer(key, type, answer); });
}

void DnsLookup::on_answer(const std::string &name, uv::DnsType type, const Answer &answer) {
    using Verdict = uv::DnsClient::Verdict;
    if (answer.verdict == Verdict::found) {
        if (outcome_.ttl == Duration{} || answer.found.ttl < outcome_.ttl)
            outcome_.ttl = std::max<Duration>(answer.found.ttl, Duration{1});
        if (type == uv::DnsType::srv) ask_for_targets(answer);
        else add_addresses(name, answer);
    } else {
        outcome_.problem = fmt::format("{} {}: {}", name_of(type), name, answer.error);
        if (answer.verdict == Verdict::failed) note_failure(type);
    }
    open_.erase(open_.find(type));
    if (all_answered()) timer_.arm(Duration{});
}

void DnsLookup::add_addresses(const std::string &name, const Answer &answer) {
    for (const uv::DnsRecord &record : answer.found.records) {
        for (const Service &service : services_[name]) {
            if (outcome_.found.size() == most_found) return;
            Found &found = outcome_.found.emplace_back(Found{
                .address = record.address, .weight = service.weight, .priority = service.priority});
            found.address.set_port(service.port);
        }
    }
}

void DnsLookup::ask_for_targets(const Answer &answer) {
    const auto rank_of = ranks(answer.found.records);
    for (const uv::DnsRecord &record : answer.found.records) {
        if (record.target == "." || record.port == 0) continue;
        if (!services_.contains(record.target) && services_.size() == most_) continue;
        auto &services = services_[record.target];
        if (services.size() == most_) continue;
        services.push_back({.port = record.port,
                            .weight = std::max<std::uint32_t>(1, record.weight),
                            .priority = rank_of.at(record.priority)});
    }
    if (services_.empty()) outcome_.problem = "SRV: there is no such service";
    // A target is a whole name (RFC 2782): without its last dot, domains of the search list would
    // be tried behind it.
    for (const auto &[target, services] : services_) ask_for_addresses(target, target + ".");
}

void DnsLookup::note_failure(uv::DnsType type) {
    if (type != uv::DnsType::aaaa) outcome_.ipv4_unknown = true;
    if (type != uv::DnsType::a) outcome_.ipv6_unknown = true;
}

void DnsLookup::on_timer() {
    for (const uv::DnsType type : open_) note_failure(type);
    if (!all_answered()) outcome_.problem = "no answer in time";
    auto &found = outcome_.found;
    const auto key = [](const Found &one) {
        return std::tuple{one.address, one.priority, ~one.weight};
    };
    std::ranges::sort(found, {}, key);
    const auto is_twin = [](const Found &a, const Found &b) { return a.address == b.address; };
    found.erase(std::unique(found.begin(), found.end(), is_twin), found.end());
    on_done_();
}

}  // namespace uvoy::server
