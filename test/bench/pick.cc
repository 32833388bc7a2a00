#include "rcu/rcu.h"
#include "server/snapshot_balancer.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

// What a pick costs, read section and in-flight count included:
//
//   build/release/test/bench/pick
//
// A hundred equal endpoints; each thread is a worker with a balancer of its own.
namespace uvoy::server {

namespace {

constexpr std::size_t endpoints = 100;

/// From hash to hash: all over the ring, for next to nothing.
constexpr std::uint64_t step = 0x9e3779b97f4a7c15;

config::Config config_of(config::Policy policy) {
    config::Config config;
    config::Cluster &cluster = config.clusters.emplace_back();
    cluster.name = "app";
    cluster.load_balancing.policy = policy;
    for (std::size_t i = 0; i < endpoints; ++i)
        cluster.endpoints.push_back({.name = "10.0.0." + std::to_string(i) + ":80",
                                     .address = {.host = "10.0.0.1", .port = 80, .path = {}}});
    return config;
}

struct Scene {
    explicit Scene(config::Policy policy) : runtime{config_of(policy), 42, 2}, clusters{runtime} {}

    proxy::Runtime runtime;
    LiveClusters clusters;
};

std::unique_ptr<Scene> scene;

template <config::Policy policy>
void setup(const benchmark::State &) {
    scene = std::make_unique<Scene>(policy);
}

void teardown(const benchmark::State &) { scene.reset(); }

/// As a request does: it picks, and when it is over it leaves.
void request(benchmark::State &state) {
    const rcu::Thread thread;
    SnapshotBalancer balancer{scene->clusters, static_cast<std::uint64_t>(state.thread_index())};
    std::uint64_t hash = static_cast<std::uint64_t>(state.thread_index()) << 32;
    for (auto _ : state) balancer.pick(0, hash += step, {}, {})->endpoint->leave();
}

/// The choice alone, without the count that all workers write.
void choice(benchmark::State &state) {
    const rcu::Thread thread;
    Random random{static_cast<std::uint64_t>(state.thread_index()) + 7};
    std::uint32_t cursor = 0;
    std::uint64_t hash = random.next();
    for (auto _ : state) {
        hash += step;
        const rcu::ReadSection section;
        benchmark::DoNotOptimize(
            scene->clusters.read(0, section)
                .pick({.hash = hash, .random = random, .cursor = cursor, .tried = {}}));
    }
}

}  // namespace

BENCHMARK(choice)
    ->Name("choice/ring_hash")
    ->Setup(setup<config::Policy::ring_hash>)
    ->Teardown(teardown)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(choice)
    ->Name("choice/maglev")
    ->Setup(setup<config::Policy::maglev>)
    ->Teardown(teardown)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(choice)
    ->Name("choice/least_request")
    ->Setup(setup<config::Policy::least_request>)
    ->Teardown(teardown)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(choice)
    ->Name("choice/peak_ewma")
    ->Setup(setup<config::Policy::peak_ewma>)
    ->Teardown(teardown)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(choice)
    ->Name("choice/round_robin")
    ->Setup(setup<config::Policy::round_robin>)
    ->Teardown(teardown)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(request)
    ->Name("request/ring_hash")
    ->Setup(setup<config::Policy::ring_hash>)
    ->Teardown(teardown)
    ->Threads(1)
    ->Threads(2);

}  // namespace uvoy::server

BENCHMARK_MAIN();
