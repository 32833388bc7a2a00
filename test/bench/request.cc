#include "proxy/proxy.h"
#include "rcu/rcu.h"
#include "server/snapshot_balancer.h"

#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

// What a request costs between its system calls: from the bytes of a client to those for the
// endpoint, and back:
//
//   build/release/test/bench/request
//
// "warm": one after the other, all code and data in the first cache.  "cold": after each event a
// real round trip of TCP, which is not counted, throws out what the kernel needs the room of.
// "slept": the CPU was idle for some microseconds besides, as it is with one client.
namespace uvoy {

namespace {

class Sink final : public proxy::Transport {
public:
    void write(std::span<const proxy::Bytes> pieces) override {
        for (const proxy::Bytes piece : pieces) written += piece.size();
    }
    bool congested() const override { return false; }
    std::size_t queued() override { return 0; }
    std::size_t in_kernel() override { return 0; }
    bool has_input() const override { return false; }
    void pause_reading() override {}
    void resume_reading() override {}
    void finish() override {}
    void reset() override {}

    std::size_t written = 0;
};

config::Config settings() {
    config::Config config;
    config.listeners.push_back({.name = "web"});
    config::Cluster cluster{.name = "app"};
    cluster.endpoints.push_back(
        {.name = "10.0.0.1:80", .address = {.host = "10.0.0.1", .port = 80, .path = {}}});
    config.clusters.push_back(std::move(cluster));
    config.routes.push_back({.name = "all", .action = config::Forward{0}});
    return config;
}

/// One client and one endpoint.
class Scene final : proxy::Dialer, proxy::Observer {
public:
    Scene() {
        auto transport = std::make_unique<Sink>();
        client_out_ = transport.get();
        client_ = &proxy_.accept(std::move(transport), 0, "192.0.2.1", now_);
        proxy_.settle(now_);
    }

    void ask(proxy::Bytes request) {
        client_->on_bytes(request, now_);
        proxy_.settle(now_);
        if (!connected_) {
            connected_ = true;
            endpoint_->on_connected(now_);
            proxy_.settle(now_);
        }
    }
    void answer(proxy::Bytes response) {
        endpoint_->on_bytes(response, now_);
        proxy_.settle(now_);
        now_ += std::chrono::microseconds{50};
    }
    std::size_t written() const { return client_out_->written; }

private:
    std::unique_ptr<proxy::Transport> dial(proxy::EndpointId,
                                           proxy::TransportEvents &events) override {
        endpoint_ = &events;
        return std::make_unique<Sink>();
    }
    void on_endpoint_failure(const proxy::EndpointFailure &) override { std::abort(); }
    void on_exchange(const proxy::ExchangeRecord &) override {}

    TimePoint now_{std::chrono::hours{1}};
    proxy::Runtime runtime_{settings(), 1, 1};
    server::LiveClusters clusters_{runtime_};
    server::SnapshotBalancer balancer_{clusters_, 7};
    std::unique_ptr<stats::WorkerStats> stats_ =
        std::make_unique<stats::WorkerStats>(runtime_.dimensions());
    Sink *client_out_ = nullptr;
    proxy::TransportEvents *client_ = nullptr;
    proxy::TransportEvents *endpoint_ = nullptr;
    bool connected_ = false;
    proxy::Proxy proxy_{
        runtime_,
        {.dialer = this, .balancer = &balancer_, .observer = this, .stats = stats_.get()},
        1,
        now_};
};

constexpr std::string_view request = "GET /small HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 30 Nov 2026 11:20:00 GMT\r\n"
    "Content-Type: application/octet-stream\r\nContent-Length: 128\r\n"
    "Connection: keep-alive\r\n\r\n"
    "0123456789012345678901234567890123456789012345678901234567890123"
    "0123456789012345678901234567890123456789012345678901234567890123";

/// Two ends of a TCP connection of the loopback.
class Loop {
public:
    Loop() {
        const int listener = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto *const name = reinterpret_cast<sockaddr *>(&address);
        socklen_t size = sizeof address;
        if (bind(listener, name, size) != 0 || listen(listener, 1) != 0 ||
            getsockname(listener, name, &size) != 0 || connect(near_, name, size) != 0)
            std::abort();
        far_ = accept(listener, nullptr, nullptr);
    }
    void round_trip() {
        std::array<char, 256> bytes{};
        if (send(near_, bytes.data(), bytes.size(), 0) < 0 ||
            recv(far_, bytes.data(), bytes.size(), 0) < 0)
            std::abort();
    }

private:
    int near_ = socket(AF_INET, SOCK_STREAM, 0);
    int far_ = -1;
};

enum class Before { nothing, round_trip, sleep };

template <Before before>
void get_cold(Loop &loop) {
    if (before == Before::sleep) std::this_thread::sleep_for(std::chrono::microseconds{20});
    if (before != Before::nothing) loop.round_trip();
}

template <Before before>
void serve(benchmark::State &state) {
    const rcu::Thread thread;
    Scene scene;
    Loop loop;
    for (int i = 0; i < 100; ++i) {
        scene.ask(request);
        scene.answer(response);
    }
    using Clock = std::chrono::steady_clock;
    for (auto _ : state) {
        get_cold<before>(loop);
        auto start = Clock::now();
        scene.ask(request);
        auto spent = Clock::now() - start;
        get_cold<before>(loop);
        start = Clock::now();
        scene.answer(response);
        spent += Clock::now() - start;
        state.SetIterationTime(std::chrono::duration<double>(spent).count());
    }
    if (scene.written() < static_cast<std::size_t>(state.iterations()) * response.size())
        std::abort();
}

}  // namespace

BENCHMARK(serve<Before::nothing>)->Name("request/warm")->UseManualTime();
BENCHMARK(serve<Before::round_trip>)->Name("request/cold")->UseManualTime();
BENCHMARK(serve<Before::sleep>)->Name("request/slept")->UseManualTime();

}  // namespace uvoy

BENCHMARK_MAIN();
