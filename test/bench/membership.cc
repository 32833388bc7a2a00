#include "cluster/membership_ring.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

// What the control loop pays for the ring of a cluster whose endpoints change:
//
//   build/release/test/bench/membership
//
// Of so many equal endpoints: all are new / one of them is / its weight is.
namespace uvoy::cluster {

namespace {

using Owners = MembershipRing::Owners;

enum class Change { all, name, weight };

void build(benchmark::State &state, Owners owners, Change change) {
    const auto count = static_cast<std::size_t>(state.range(0));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("10.0.0." + std::to_string(i) + ":80");
    std::vector<Member> members;
    for (const std::string &name : names) members.push_back({name, 2});
    const MembershipRing former{members, 7, owners};
    if (change == Change::name) members[count / 2].name = "10.1.0.1:80";
    if (change == Change::weight) members[count / 2].weight = 3;
    for (auto _ : state) {
        const MembershipRing ring{members, 7, owners, change == Change::all ? nullptr : &former};
        benchmark::DoNotOptimize(ring.fingerprint());
    }
}

void sizes(benchmark::internal::Benchmark *benchmark) {
    benchmark->Arg(10)->Arg(100)->Arg(500)->Arg(1000)->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK_CAPTURE(build, ring_hash_all, Owners::rendezvous, Change::all)->Apply(sizes);
BENCHMARK_CAPTURE(build, ring_hash_one, Owners::rendezvous, Change::name)->Apply(sizes);
BENCHMARK_CAPTURE(build, ring_hash_weight, Owners::rendezvous, Change::weight)->Apply(sizes);
BENCHMARK_CAPTURE(build, maglev_all, Owners::maglev, Change::all)->Apply(sizes);
BENCHMARK_CAPTURE(build, maglev_one, Owners::maglev, Change::name)->Apply(sizes);

}  // namespace uvoy::cluster

BENCHMARK_MAIN();
