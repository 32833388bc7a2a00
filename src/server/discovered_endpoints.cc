#include "server/discovered_endpoints.h"

#include "base/log.h"
#include "server/endpoint_addresses.h"
#include "server/health_checker.h"
#include "server/live_clusters.h"
#include "server/snapshot_publisher.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace uvoy::server {

namespace {

void append(std::string &list, std::string_view item) {
    if (!list.empty()) list += ", ";
    list += item;
}

}  // namespace

DiscoveredEndpoints::DiscoveredEndpoints(const EndpointParts &parts, std::uint16_t cluster)
    : parts_{parts},
      cluster_{cluster},
      config_{*parts.runtime.cluster(cluster).config},
      slots_{parts.runtime.cluster(cluster).endpoints.size()} {}

DiscoveredEndpoints::DiscoveredEndpoints(const EndpointParts &parts, std::uint16_t cluster,
                                         DiscoveredEndpoints &&former)
    : parts_{parts},
      cluster_{cluster},
      config_{*parts.runtime.cluster(cluster).config},
      slots_{std::move(former.slots_)},
      generation_{former.generation_},
      crowded_{former.crowded_} {}

std::size_t DiscoveredEndpoints::size() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < slots_.size(); ++i)
        if (slots_.at(static_cast<std::uint16_t>(i))) ++count;
    return count;
}

std::vector<DiscoveredEndpoints::Wanted> DiscoveredEndpoints::wanted(
    const DnsLookup::Outcome &outcome) {
    std::vector<Wanted> wanted;
    wanted.reserve(outcome.found.size());
    for (const DnsLookup::Found &found : outcome.found)
        wanted.push_back({.found = found, .name = uv::to_text(found.address)});
    for (std::size_t i = 0; i < slots_.size() && outcome.failed(); ++i) {
        const auto &endpoint = slots_.at(static_cast<std::uint16_t>(i));
        if (!endpoint) continue;
        const auto address = uv::parse_address(endpoint->address);
        const bool told = std::ranges::find(wanted, endpoint->name, &Wanted::name) != wanted.end();
        if (told || !outcome.may_miss(*address)) continue;
        wanted.push_back({.found = {.address = *address,
                                    .weight = endpoint->weight,
                                    .priority = endpoint->priority},
                          .name = endpoint->name});
    }
    const bool crowded = wanted.size() > config_.discovery->max_endpoints;
    if (crowded && !crowded_) {
        log::warning("cluster {}: DNS tells {} endpoints, the first {} are used (max_endpoints)",
                     config_.name, wanted.size(), config_.discovery->max_endpoints);
    }
    crowded_ = crowded;
    const auto address = [](const Wanted &one) { return one.found.address; };
    std::ranges::sort(wanted, {}, address);
    if (crowded) wanted.resize(config_.discovery->max_endpoints);
    return wanted;
}

bool DiscoveredEndpoints::apply(const DnsLookup::Outcome &outcome, TimePoint now) {
    std::unordered_map<std::string, const cluster::Endpoint *> present;
    for (std::size_t i = 0; i < slots_.size(); ++i)
        if (const auto &endpoint = slots_.at(static_cast<std::uint16_t>(i)))
            present.emplace(endpoint->name, endpoint.get());

    // Those who come together are alike.
    const Presence presence = needs_trial() ? Presence::trial : Presence::member;
    bool complete = true;
    std::string come;
    std::string changed;
    for (const Wanted &one : wanted(outcome)) {
        const auto found = present.find(one.name);
        const cluster::Endpoint *former = nullptr;
        if (found != present.end()) {
            former = found->second;
            present.erase(found);
            if (former->weight == one.found.weight && former->priority == one.found.priority)
                continue;
        }
        if (!add(one, former, presence, now)) complete = false;
        else append(former != nullptr ? changed : come, one.name);
    }
    std::string gone;
    for (const auto &[name, endpoint] : present) {
        if (!complete && size() == 1) break;  // the last one stays until another has a place
        append(gone, name);
        remove(*endpoint);
    }
    if (come.empty() && gone.empty() && changed.empty()) return complete;
    if (!come.empty()) log::info("cluster {}: DNS adds {}", config_.name, come);
    if (!changed.empty())
        log::info("cluster {}: DNS tells new weights or priorities of {}", config_.name, changed);
    if (!gone.empty()) log::info("cluster {}: DNS removes {}", config_.name, gone);
    admit_if_alone();
    publish();
    return complete;
}

bool DiscoveredEndpoints::add(const Wanted &wanted, const cluster::Endpoint *former,
                              Presence presence, TimePoint now) {
    const auto index = slots_.find_free(now);
    if (!index) return false;
    auto endpoint = std::make_shared<cluster::Endpoint>(
        cluster::Endpoint::Identity{.name = wanted.name,
                                    .address = wanted.name,
                                    .weight = wanted.found.weight,
                                    .index = *index,
                                    .priority = wanted.found.priority,
                                    .generation = ++generation_},
        parts_.runtime.cluster(cluster_).load);
    const std::size_t number = parts_.runtime.endpoint_number(id(*index));
    parts_.addresses.set(number, {wanted.found.address});
    parts_.totals.restart(number);
    parts_.runtime.set_endpoint(id(*index), endpoint);
    slots_.put(std::move(endpoint));
    if (former == nullptr) {
        parts_.health.add(id(*index), presence, now);
        return true;
    }
    // The same server as before: what is known of its health stays true.
    parts_.health.add_like(id(*index), id(former->index));
    remove(*former);
    return true;
}

void DiscoveredEndpoints::remove(const cluster::Endpoint &endpoint) {
    const std::uint16_t index = endpoint.index;
    parts_.health.remove(id(index));
    parts_.runtime.set_endpoint(id(index), nullptr);
    slots_.remove(index);
}

bool DiscoveredEndpoints::is_member(std::uint16_t index) const {
    return parts_.health.table().at(id(index)).presence == Presence::member;
}

bool DiscoveredEndpoints::needs_trial() const {
    return config_.health_check.type != config::HealthCheck::Type::none &&
           parts_.health.table().healthy_count(cluster_) > 0;
}

void DiscoveredEndpoints::on_health_change() {
    bool changed = false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const auto index = static_cast<std::uint16_t>(i);
        const EndpointHealth &endpoint = parts_.health.table().at(id(index));
        if (endpoint.presence != Presence::trial || endpoint.checks_passed == 0 ||
            !endpoint.health.healthy())
            continue;
        parts_.health.admit(id(index));
        changed = true;
    }
    if (admit_if_alone() || changed) publish();
}

bool DiscoveredEndpoints::admit_if_alone() {
    if (parts_.health.table().healthy_count(cluster_) > 0) return false;
    bool admitted = false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const auto index = static_cast<std::uint16_t>(i);
        if (parts_.health.table().at(id(index)).presence != Presence::trial) continue;
        parts_.health.admit(id(index));
        admitted = true;
    }
    return admitted;
}

void DiscoveredEndpoints::publish() {
    std::vector<std::shared_ptr<cluster::Endpoint>> members(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const auto index = static_cast<std::uint16_t>(i);
        if (slots_.at(index) && is_member(index)) members[i] = slots_.at(index);
    }
    parts_.clusters.set_members(cluster_, std::move(members));
    parts_.publisher.on_change(cluster_);
}

}  // namespace uvoy::server
