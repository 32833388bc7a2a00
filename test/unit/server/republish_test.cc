#include "rcu/rcu.h"
#include "server/connection_budget.h"
#include "server/failure_channel.h"
#include "server/generation.h"
#include "server/listening_sockets.h"
#include "server/live_clusters.h"
#include "server/worker.h"
#include "uv/address.h"
#include "uv/loop.h"
#include "uv/timer.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace uvoy::server {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t workers = 4;
constexpr std::size_t endpoints = 5;

/// Listening sockets on a port that the kernel chose.
std::vector<BoundSocket> bind_somewhere(std::uint16_t &port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0);
    REQUIRE(listen(fd, 128) == 0);
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size);
    port = ntohs(address.sin_port);
    std::vector<BoundSocket> sockets;
    sockets.push_back({.listener = 0, .fd = uv::FileDescriptor{fd}});
    return sockets;
}

config::Config origin_config() {
    config::Config config;
    config.listeners.emplace_back().name = "origin";
    config::Respond respond;
    respond.body = "hello";
    config::Route &route = config.routes.emplace_back();
    route.name = "all";
    route.action = respond;
    return config;
}

config::Config proxy_config(std::uint16_t origin) {
    config::Config config;
    config.listeners.emplace_back().name = "web";
    config::Cluster &cluster = config.clusters.emplace_back();
    cluster.name = "app";
    for (std::size_t i = 0; i < endpoints; ++i) {
        config::Endpoint &endpoint = cluster.endpoints.emplace_back();
        endpoint.name = "e" + std::to_string(i);
        endpoint.address = {.host = "127.0.0.1", .port = origin, .path = {}};
    }
    config::Route &route = config.routes.emplace_back();
    route.name = "all";
    route.action = config::Forward{0};
    return config;
}

struct Ignore {
    void on_report(const FailureChannel::Report &) {}
    void on_lost() {}
};

/// Asks over one connection until told to stop; counts right answers, and others as failures.
void ask(std::uint16_t port, int number, const std::atomic<bool> &stop, std::atomic<int> &right,
         std::atomic<int> &wrong) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) ++wrong;
    for (int i = 0; !stop && wrong == 0; ++i) {
        const std::string request = "GET /" + std::to_string(number) + "/" + std::to_string(i) +
                                    " HTTP/1.1\r\nHost: test\r\n\r\n";
        if (write(fd, request.data(), request.size()) < 0) ++wrong;
        std::string answer;
        char buffer[2048];
        while (!answer.ends_with("\r\n\r\nhello")) {
            const ssize_t size = read(fd, buffer, sizeof buffer);
            if (size <= 0) break;
            answer.append(buffer, static_cast<std::size_t>(size));
        }
        ++(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello") ? right : wrong);
    }
    close(fd);
}

constexpr std::uint64_t least_publishes = 21;

/// Publishes another set of healthy endpoints every 10 ms, for two seconds, and longer if they are
/// few on a slow machine.
struct Publisher {
    Publisher(uv::Loop &loop_, LiveClusters &clusters_)
        : loop{loop_},
          clusters{clusters_},
          timer{loop_, Delegate<void()>::bind<&Publisher::publish>(*this)} {
        timer.arm(10ms);
    }

    void publish() {
        std::vector<cluster::EndpointState> states(endpoints);
        states[clusters.publishes() % endpoints].healthy = false;
        clusters.publish(0, std::move(states));
        if (uv::Loop::now() < end || clusters.publishes() < least_publishes) timer.arm(10ms);
        else loop.stop();
    }

    uv::Loop &loop;
    LiveClusters &clusters;
    uv::Timer timer;
    TimePoint end = uv::Loop::now() + 2s;
};

}  // namespace

TEST_CASE("four workers serve while the ring is republished a hundred times a second") {
    const rcu::Thread publisher_thread;
    uv::Loop loop;
    Ignore nobody;
    std::uint16_t origin_port = 0;
    std::uint16_t port = 0;
    std::vector<BoundSocket> origin_sockets = bind_somewhere(origin_port);
    Generation origin_generation{origin_config(), 1, 1, 1};  // two instances
    Generation generation{proxy_config(origin_port), 2, workers, 2};
    LiveClusters &clusters = generation.clusters();
    const auto on_report = FailureChannel::OnReport::bind<&Ignore::on_report>(nobody);
    const auto on_lost = Delegate<void()>::bind<&Ignore::on_lost>(nobody);
    FailureChannel origin_failures{loop, 1, on_report, on_lost};
    FailureChannel failures{loop, workers, on_report, on_lost};
    AcceptBalance alone{1, 0};
    AcceptBalance balance{workers, 0};
    ConnectionBudget budget{1000};
    FlightRecorder origin_recorder;
    std::array<FlightRecorder, workers> recorders;
    std::atomic<bool> stop{false};
    std::atomic<int> right{0};
    std::atomic<int> wrong{0};
    {
        Worker origin{{origin_failures, budget, alone}, {.seed = 7, .recorder = origin_recorder}};
        origin.adopt(origin_generation, std::move(origin_sockets));
        std::vector<std::unique_ptr<Worker>> proxies;
        for (std::size_t i = 0; i < workers; ++i) {
            proxies.push_back(std::make_unique<Worker>(
                Shared{failures, budget, balance},
                Worker::Settings{.number = i, .seed = i, .recorder = recorders[i]}));
            proxies.back()->adopt(generation, bind_somewhere(port));
        }
        origin.start();
        for (const auto &worker : proxies) worker->start();
        std::vector<std::thread> clients;
        for (int i = 0; i < 16; ++i)
            clients.emplace_back([&, i] { ask(port, i, stop, right, wrong); });
        {
            Publisher publisher{loop, clusters};
            loop.run();
        }
        stop = true;
        for (std::thread &client : clients) client.join();
        for (const auto &worker : proxies) worker->stop();
    }
    CHECK(wrong == 0);
    CHECK(right > 100);
    CHECK(clusters.publishes() >= least_publishes);
    MESSAGE(right << " answers over " << clusters.publishes() << " publishes");
}

}  // namespace uvoy::server
