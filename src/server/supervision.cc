#include "server/supervision.h"

#include "server/seeds.h"

#include <algorithm>
#include <set>
#include <utility>

namespace uvoy::server {

namespace {

using OnChange = HealthKeeper::OnChange;

/// What the operator said of it.  Returns whether that is anything.
bool recall_duty(cluster::Endpoint &endpoint, const EndpointMemory &memory) {
    endpoint.duty = memory.duty;
    const bool has_weight = memory.weight && memory.weight->instead_of == endpoint.weight;
    if (has_weight) endpoint.set_weight(memory.weight->now);
    return has_weight || memory.duty != cluster::Duty::ready;
}

}  // namespace

Supervision::Supervision(uv::Loop &loop, Generation &generation)
    : generation_{generation},
      names_{loop,
             generation.runtime(),
             generation.addresses(),
             {.seed = random_seed(), .server = {}}},
      publisher_{loop, generation.clusters()},
      keeper_{loop, generation.runtime(), random_seed(),
              OnChange::bind<&Supervision::on_health_change>(*this)},
      checker_{loop, generation.runtime(), generation.addresses(), keeper_},
      outliers_{loop, generation.runtime(), keeper_} {
    publisher_.set_health(health());
    checker_.start(generation.worker_stats());
    outliers_.start(generation.worker_stats());
    if (needs_discovery()) discovery_.emplace(loop, parts(), random_seed());
}

Supervision::Supervision(uv::Loop &loop, Generation &generation,
                         std::unique_ptr<Supervision> former, const FirstAnswers &answers)
    : generation_{generation},
      former_{std::move(former)},
      names_{loop,
             generation.runtime(),
             generation.addresses(),
             {.seed = random_seed(), .server = {}}},
      publisher_{loop, generation.clusters(), former_->publisher_},
      keeper_{loop,
              generation.runtime(),
              random_seed(),
              OnChange::bind<&Supervision::on_health_change>(*this),
              former_->keeper_,
              generation.heirs()},
      checker_{loop, generation.runtime(), generation.addresses(), keeper_},
      outliers_{loop, generation.runtime(), keeper_} {
    publisher_.set_health(health());
    checker_.start(generation.worker_stats());
    outliers_.inherit(former_->outliers_, generation.heirs());
    outliers_.start(generation.worker_stats());
    if (needs_discovery())
        discovery_.emplace(loop, parts(), random_seed(), former_->generation_.runtime(),
                           former_->discovery_ ? &*former_->discovery_ : nullptr, answers);
    former_.reset();
    publisher_.publish_now();
}

bool Supervision::needs_discovery() const {
    return std::ranges::any_of(
        generation_.runtime().config().clusters,
        [](const config::Cluster &cluster) { return cluster.discovery.has_value(); });
}

EndpointParts Supervision::parts() {
    return {.runtime = generation_.runtime(),
            .addresses = generation_.addresses(),
            .clusters = generation_.clusters(),
            .health = checker_,
            .publisher = publisher_,
            .totals = generation_.totals()};
}

void Supervision::on_health_change(std::size_t cluster) {
    if (discovery_) discovery_->on_health_change(cluster);
    publisher_.on_change(cluster);
    checker_.on_change(cluster);
}

void Supervision::recall(const std::vector<EndpointMemory> &memories) {
    const TimePoint now = uv::Loop::now();
    const proxy::Runtime &runtime = generation_.runtime();
    std::set<std::size_t> reweighed;
    for (const EndpointMemory &memory : memories) {
        const proxy::ClusterRuntime *const cluster = runtime.find_cluster(memory.cluster);
        if (cluster == nullptr) continue;
        const auto found = std::ranges::find_if(cluster->endpoints, [&](const auto &endpoint) {
            return endpoint && endpoint->name == memory.name && endpoint->address == memory.address;
        });
        if (found == cluster->endpoints.end()) continue;
        const auto place = cluster->config - runtime.config().clusters.data();
        const proxy::EndpointId id{static_cast<std::uint16_t>(place), (*found)->index};
        if (recall_duty(**found, memory)) reweighed.insert(id.cluster);
        if (memory.out) keeper_.recall(id, memory.out->cause, memory.out->why, now);
    }
    // A ring takes its time to make, and nobody is served before.
    for (const std::size_t cluster : reweighed) on_duty_change(cluster);
    publisher_.publish_now();
}

void Supervision::on_duty_change(std::size_t cluster) {
    generation_.clusters().reweigh(cluster);
    publisher_.on_change(cluster);
}

void Supervision::on_failure(const proxy::EndpointFailure &failure) {
    if (!generation_.runtime().has_endpoint(failure.endpoint)) return;  // it is gone
    checker_.on_passive_failure(failure.endpoint, failure.reason, failure.at);
    outliers_.on_failure(failure);
}

}  // namespace uvoy::server
