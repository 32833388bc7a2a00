#include "server/worker.h"

#include "base/random.h"
#include "limit/shard.h"
#include "rcu/rcu.h"
#include "server/endpoint_dialer.h"
#include "server/proxy_driver.h"
#include "server/snapshot_balancer.h"
#include "server/worker_observer.h"

#include <fmt/format.h>
#include <pthread.h>

#include <string>
#include <utility>

namespace uvoy::server {

Worker::Worker(const Shared &shared, Settings settings)
    : shared_{shared},
      settings_{std::move(settings)},
      stats_{shared.runtime.dimensions()},
      wake_{loop_, Delegate<void()>::bind<&Worker::on_command>(*this)} {}

Worker::~Worker() {
    if (!thread_.joinable()) return;
    command(Command::stop);
    thread_.join();
}

void Worker::start() { thread_ = std::thread{&Worker::run, this}; }

void Worker::drain() { command(Command::drain); }

void Worker::command(Command next) {
    command_.store(next, std::memory_order_release);
    wake_.send();
}

void Worker::on_command() {
    switch (command_.load(std::memory_order_acquire)) {
        case Command::none:
            break;
        case Command::drain:
            if (!driver_->draining()) driver_->drain(uv::Loop::now());
            break;
        case Command::stop:
            loop_.stop();
            break;
    }
}

void Worker::run() {
    pthread_setname_np(pthread_self(), fmt::format("worker {}", settings_.number).c_str());
    const rcu::Thread reader;
    Random seeds{settings_.seed};
    // All of it is made here, so that its memory comes from this thread's arena.
    std::vector<limit::Shard> shards;
    for (limit::Ledger *const ledger : shared_.ledgers) shards.emplace_back(*ledger);
    EndpointDialer dialer{loop_, shared_.runtime, shared_.addresses};
    SnapshotBalancer balancer{shared_.clusters, seeds.next()};
    WorkerObserver observer{settings_.number, shared_.failures, settings_.log, stats_};
    ProxyDriver driver{loop_,
                       {.runtime = shared_.runtime,
                        .ports = {.dialer = &dialer,
                                  .balancer = &balancer,
                                  .observer = &observer,
                                  .stats = &stats_,
                                  .limits = shards},
                        .seed = seeds.next(),
                        .budget = &shared_.budget,
                        .on_settled = Delegate<void()>::bind<&Worker::report>(*this)}};
    driver_ = &driver;
    loop_.set_after_event(Delegate<void(TimePoint)>::bind<&ProxyDriver::settle>(driver));
    for (BoundSocket &socket : settings_.sockets)
        driver.listen(std::move(socket.fd), socket.listener);

    loop_.run();

    loop_.set_after_event({});
    const TimePoint now = uv::Loop::now();
    for (limit::Shard &shard : shards) shard.release(now);
}

void Worker::report() {
    if (driver_ == nullptr) return;  // the driver is being made
    exchanges_.store(driver_->exchanges(), std::memory_order_relaxed);
    if (driver_->draining() && driver_->exchanges() == 0 && driver_->connections() == 0)
        drained_.store(true, std::memory_order_release);
}

}  // namespace uvoy::server
