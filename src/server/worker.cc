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
      wake_{loop_, Delegate<void()>::bind<&Worker::on_wake>(*this)} {
    shared_.balance.set_wake(settings_.number, Delegate<void()>::bind<&uv::Async::send>(wake_));
}

Worker::~Worker() { stop(); }

void Worker::stop() {
    if (!thread_.joinable()) return;
    command(Command::stop);
    thread_.join();
}

void Worker::start() { thread_ = std::thread{&Worker::run, this}; }

void Worker::set_resting(bool resting) { command(resting ? Command::rest : Command::serve); }

void Worker::drain() { command(Command::drain); }

void Worker::command(Command next) {
    command_.store(next, std::memory_order_release);
    wake_.send();
}

void Worker::on_wake() {
    while (auto connection = shared_.balance.take(settings_.number))
        driver_->accept(std::move(*connection));
    switch (command_.load(std::memory_order_acquire)) {
        case Command::serve:
            driver_->set_resting(false, uv::Loop::now());
            break;
        case Command::rest:
            driver_->set_resting(true, uv::Loop::now());
            break;
        case Command::drain:
            if (driver_->draining()) break;
            shared_.balance.close(settings_.number);
            driver_->drain(uv::Loop::now());
            break;
        case Command::stop:
            loop_.stop();
            break;
    }
    report();
}

bool Worker::hand_over(AcceptBalance::Connection &connection) {
    if (!shared_.balance.hand_over(settings_.number, connection)) return false;
    stats_.process().accept_handoffs.add();
    return true;
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
    ProxyDriver driver{
        loop_,
        {.runtime = shared_.runtime,
         .ports = {.dialer = &dialer,
                   .balancer = &balancer,
                   .observer = &observer,
                   .stats = &stats_,
                   .limits = shards},
         .seed = seeds.next(),
         .budget = &shared_.budget,
         .on_settled = Delegate<void()>::bind<&Worker::report>(*this),
         .hand_over =
             Delegate<bool(AcceptBalance::Connection &)>::bind<&Worker::hand_over>(*this)}};
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
    const std::size_t connections = driver_->connections();
    stats::Gauge &reported = stats_.process().connections;
    if (std::cmp_not_equal(reported.value(), connections)) {
        reported.set(static_cast<std::int64_t>(connections));
        shared_.balance.set_connections(settings_.number, connections);
    }
    if (driver_->draining() && driver_->exchanges() == 0 && connections == 0 &&
        shared_.balance.nothing_comes(settings_.number))
        drained_.store(true, std::memory_order_release);
}

}  // namespace uvoy::server
