#include "base/random.h"
#include "cluster/snapshot.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

// What the control loop pays to make a snapshot of a cluster, the moved share included:
//
//   build/release/test/bench/publish
//
// A hundred equal endpoints: how many of them are out / on their way back.
namespace uvoy::cluster {

namespace {

constexpr std::size_t count = 100;

std::shared_ptr<const Membership> membership(Policy policy) {
    std::vector<std::shared_ptr<Endpoint>> endpoints;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string name = "10.0.0." + std::to_string(i) + ":80";
        endpoints.push_back(std::make_shared<Endpoint>(Endpoint::Identity{
            .name = name, .address = name, .index = static_cast<std::uint16_t>(i)}));
    }
    return std::make_shared<const Membership>(std::move(endpoints),
                                              Balancing{.policy = policy, .hash_seed = 7});
}

void publish(benchmark::State &state, Policy policy) {
    const auto members = membership(policy);
    const Snapshot before{members, std::vector<EndpointState>(count)};
    std::vector<EndpointState> states(count);
    Random random{3};
    for (std::int64_t out = 0; out < state.range(0);) {
        EndpointState &endpoint = states[random.below(count)];
        if (!endpoint.healthy) continue;
        endpoint.healthy = false;
        ++out;
    }
    for (std::int64_t ramping = 0; ramping < state.range(1);) {
        EndpointState &endpoint = states[random.below(count)];
        if (!endpoint.healthy || endpoint.ramp < full_ramp) continue;
        endpoint.ramp = full_ramp / 2;
        ++ramping;
    }
    for (auto _ : state) {
        const Snapshot snapshot{members, states};
        benchmark::DoNotOptimize(snapshot.moved_ratio(before));
    }
}

}  // namespace

BENCHMARK_CAPTURE(publish, ring_hash, Policy::ring_hash)
    ->Args({0, 0})
    ->Args({1, 0})
    ->Args({50, 0})
    ->Args({0, 10})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(publish, maglev, Policy::maglev)
    ->Args({0, 0})
    ->Args({1, 0})
    ->Args({50, 0})
    ->Args({0, 10})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(publish, round_robin, Policy::round_robin)
    ->Args({0, 0})
    ->Args({1, 0})
    ->Args({50, 0})
    ->Args({0, 10})
    ->Unit(benchmark::kMicrosecond);

}  // namespace uvoy::cluster

BENCHMARK_MAIN();
