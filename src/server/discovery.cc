#include "server/discovery.h"

#include <algorithm>
#include <utility>

namespace uvoy::server {

Discovery::Entry::Entry(uv::Loop &loop, const EndpointParts &parts, std::uint16_t cluster,
                        std::uint64_t seed, const DnsLookup::Outcome *first)
    : endpoints{parts, cluster}, questions{loop,
                                           *parts.runtime.cluster(cluster).config,
                                           seed,
                                           ClusterDiscovery::OnFound::bind<&Entry::on_found>(*this),
                                           {},
                                           first} {}

Discovery::Discovery(uv::Loop &loop, const EndpointParts &parts, std::uint64_t seed) {
    Random seeds{seed};
    for (std::size_t i = 0; i < parts.runtime.clusters().size(); ++i) {
        entries_.emplace_back();
        if (!parts.runtime.cluster(i).config->discovery) continue;
        entries_.back() =
            std::make_unique<Entry>(loop, parts, static_cast<std::uint16_t>(i), seeds.next());
    }
}

Discovery::Entry::Entry(uv::Loop &loop, const EndpointParts &parts, std::uint16_t cluster,
                        std::uint64_t seed, Entry &former)
    : endpoints{parts, cluster, std::move(former.endpoints)},
      questions{loop, *parts.runtime.cluster(cluster).config, seed,
                ClusterDiscovery::OnFound::bind<&Entry::on_found>(*this), former.questions.past()} {
}

Discovery::Discovery(uv::Loop &loop, const EndpointParts &parts, std::uint64_t seed,
                     const proxy::Runtime &before, Discovery *former, const FirstAnswers &answers) {
    Random seeds{seed};
    for (std::size_t i = 0; i < parts.runtime.clusters().size(); ++i) {
        entries_.emplace_back();
        const auto cluster = static_cast<std::uint16_t>(i);
        const proxy::ClusterRuntime &now = parts.runtime.cluster(i);
        if (!now.config->discovery) continue;
        const proxy::ClusterRuntime *const then = before.find_cluster(now.config->name);
        if (former != nullptr && then != nullptr && same_places(*then, now)) {
            const auto index =
                static_cast<std::size_t>(then->config - before.config().clusters.data());
            entries_.back() = std::make_unique<Entry>(loop, parts, cluster, seeds.next(),
                                                      *former->entries_[index]);
        } else {
            const auto first = answers.find(now.config->name);
            entries_.back() =
                std::make_unique<Entry>(loop, parts, cluster, seeds.next(),
                                        first == answers.end() ? nullptr : &first->second);
        }
    }
}

bool Discovery::settled() const {
    return std::ranges::all_of(
        entries_, [](const auto &entry) { return !entry || entry->questions.settled(); });
}

void Discovery::on_health_change(std::size_t cluster) {
    if (entries_[cluster]) entries_[cluster]->endpoints.on_health_change();
}

std::optional<Discovery::Status> Discovery::status(std::size_t cluster) const {
    const auto &entry = entries_[cluster];
    if (!entry) return std::nullopt;
    return Status{.refreshes = entry->questions.counts(), .endpoints = entry->endpoints.size()};
}

}  // namespace uvoy::server
