#include "server/worker_generation.h"

namespace uvoy::server {

namespace {

std::vector<limit::Shard> shards_of(const Generation &generation) {
    std::vector<limit::Shard> shards;
    for (limit::Ledger *const ledger : generation.ledgers()) shards.emplace_back(*ledger);
    return shards;
}

}  // namespace

WorkerGeneration::Hold::~Hold() {
    generation.let_go();
    if (on_end != nullptr) on_end->send();
}

WorkerGeneration::WorkerGeneration(uv::Loop &loop, Generation &generation, const Settings &settings)
    : hold_{generation, settings.on_end},
      seeds_{settings.seed},
      shards_{shards_of(generation)},
      dialer_{loop, generation.runtime(), generation.addresses()},
      balancer_{generation.clusters(), seeds_.next()},
      observer_{settings.worker,
                generation.number(),
                settings.failures,
                settings.recorder,
                generation.log() ? &generation.log()->worker(settings.worker) : nullptr,
                generation.stats(settings.worker)},
      driver_{loop,
              {.runtime = generation.runtime(),
               .ports = {.dialer = &dialer_,
                         .balancer = &balancer_,
                         .observer = &observer_,
                         .stats = &generation.stats(settings.worker),
                         .limits = shards_},
               .generation = generation.number(),
               .seed = seeds_.next(),
               .budget = &settings.budget,
               .on_settled = settings.on_settled,
               .hand_over = settings.hand_over}} {}

WorkerGeneration::~WorkerGeneration() {
    const TimePoint now = uv::Loop::now();
    for (limit::Shard &shard : shards_) shard.release(now);
}

}  // namespace uvoy::server
