#include "base/random.h"
#include "limit/shard.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <thread>

// What a request pays for its rate limit:
//
//   build/release/test/bench/limiter
//
// Time is simulated (`step` a request), so that a run is of the limiter alone.  One shard a thread,
// as in a worker; all threads share the ledger.
namespace uvoy::limit {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t table = 1'048'576;
constexpr std::uint64_t clients = 1'000'000;
constexpr Duration step = 200ns;
constexpr TimePoint start{1h};

std::unique_ptr<Ledger> ledger;

template <std::uint32_t rate, std::uint32_t burst>
void setup(const benchmark::State &) {
    ledger = std::make_unique<Ledger>(Policy{rate, 1s, burst}, table);
}

void report(benchmark::State &state, std::int64_t admitted) {
    const double share = static_cast<double>(admitted) / static_cast<double>(state.iterations());
    state.counters["admitted"] = {share, benchmark::Counter::kAvgThreads};
}

/// One client, far below its limit: what a lease holds is spent without the ledger.
void one_client(benchmark::State &state) {
    Shard shard{*ledger};
    std::int64_t admitted = 0;
    TimePoint now = start;
    for (auto _ : state) {
        admitted += shard.admit(mix(1), now += step).admitted;
        if (now >= shard.deadline()) shard.on_deadline(now);
    }
    report(state, admitted);
}

/// A million clients in no order, all below their limits: every request finds its words cold.
void million_clients(benchmark::State &state) {
    Shard shard{*ledger};
    Random random{static_cast<std::uint64_t>(state.thread_index()) + 7};
    if (state.thread_index() == 0)
        for (std::uint64_t client = 0; client < clients; ++client)
            shard.admit(mix(client), start - 1s);
    std::int64_t admitted = 0;
    TimePoint now = start;
    for (auto _ : state) admitted += shard.admit(mix(random.below(clients)), now += step).admitted;
    report(state, admitted);
}

/// One client far above its limit.
void one_client_over_its_limit(benchmark::State &state) {
    Shard shard{*ledger};
    std::int64_t admitted = 0;
    TimePoint now = start;
    for (auto _ : state) admitted += shard.admit(mix(1), now += step).admitted;
    report(state, admitted);
}

enum class Attack : std::int64_t {
    none,         ///< another thread keeps its CPU as busy, with a ledger of its own
    other_words,  ///< it hammers a client above its limit
    same_words,   ///< whose word lies in the cache line of those that are measured
};

/// Four clients below their limits, while another thread has a fifth one refused.
void beside_an_attacker(benchmark::State &state) {
    const auto attack = static_cast<Attack>(state.range(0));
    const auto key = [](std::uint64_t set, std::uint64_t tag) {
        return (tag << Meter::tick_bits) | set;
    };
    Ledger other{ledger->meter().policy(), table};
    Shard refusing{attack == Attack::none ? other : *ledger};
    Shard shard{*ledger};
    const std::uint64_t attacker = key(attack == Attack::same_words ? 5 : 6, 9);
    while (refusing.admit(attacker, start).admitted) {
    }
    const std::jthread thread{[&](const std::stop_token &stop) {
        while (!stop.stop_requested()) benchmark::DoNotOptimize(refusing.admit(attacker, start));
    }};
    std::int64_t admitted = 0;
    std::uint64_t client = 0;
    TimePoint now = start;
    for (auto _ : state)
        admitted += shard.admit(key(5, ++client % 4 + 1), now += step * 100).admitted;
    report(state, admitted);
}

}  // namespace

// Bursts are long, since the clocks of the threads drift apart.
BENCHMARK(one_client)->Setup(setup<20'000'000, 20'000'000>)->Threads(1)->Threads(2);
BENCHMARK(million_clients)
    ->Name("million_clients")
    ->Setup(setup<999, 10'000>)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(million_clients)
    ->Name("million_clients_with_leases")
    ->Setup(setup<20'000, 20'000>)
    ->Threads(1)
    ->Threads(2);
BENCHMARK(one_client_over_its_limit)->Setup(setup<1, 1>)->Threads(1)->Threads(2);
BENCHMARK(beside_an_attacker)->Setup(setup<100'000, 10>)->DenseRange(0, 2);

}  // namespace uvoy::limit

BENCHMARK_MAIN();
