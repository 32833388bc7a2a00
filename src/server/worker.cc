#include "server/worker.h"

#include "base/random.h"
#include "rcu/rcu.h"
#include "server/worker_generation.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::server {

Worker::Worker(const Shared &shared, Settings settings)
    : shared_{shared},
      settings_{settings},
      wake_{loop_, Delegate<void()>::bind<&Worker::on_wake>(*this)},
      seeds_{settings.seed} {
    shared_.balance.set_wake(settings_.number, Delegate<void()>::bind<&uv::Async::send>(wake_));
}

Worker::~Worker() { stop(); }

void Worker::adopt(Generation &generation, std::vector<BoundSocket> sockets) {
    give(Adopt{&generation, std::move(sockets)});
}

void Worker::forget(std::uint32_t generation) { give(Forget{generation}); }

void Worker::close(std::string address) { give(Close{std::move(address)}); }

void Worker::give(Order order) {
    const std::lock_guard lock{mutex_};
    orders_.push_back(std::move(order));
    ++given_;
}

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

void Worker::run() {
    pthread_setname_np(pthread_self(), fmt::format("worker {}", settings_.number).c_str());
    const rcu::Thread reader;
    on_wake();
    loop_.set_after_event(Delegate<void(TimePoint)>::bind<&Worker::after_event>(*this));

    loop_.run();

    loop_.set_after_event({});
    retired_.clear();
    current_.reset();
}

void Worker::on_wake() {
    turns_.fetch_add(1, std::memory_order_relaxed);
    obey();
    receive();
    // Whoever gave a connection did so before all had orders to forget its generation.
    for (const std::uint32_t number : std::exchange(to_forget_, {}))
        if (WorkerGeneration *const generation = find(number)) generation->forget();
    end_retired();
    if (current_ == nullptr) return;  // not one order was given
    switch (command_.load(std::memory_order_acquire)) {
        case Command::serve:
            rest_all(false);
            break;
        case Command::rest:
            rest_all(true);
            break;
        case Command::drain:
            drain_all();
            break;
        case Command::stop:
            loop_.stop();
            break;
    }
    report();
}

void Worker::obey() {
    std::vector<Order> orders;
    {
        const std::lock_guard lock{mutex_};
        orders.swap(orders_);
    }
    if (orders.empty()) return;
    for (Order &order : orders) std::visit([this](auto &each) { carry_out(each); }, order);
    done_.fetch_add(orders.size(), std::memory_order_release);
    if (shared_.progress != nullptr) shared_.progress->send();
}

void Worker::carry_out(Adopt &order) {
    using HandOver = Delegate<bool(AcceptBalance::Connection &)>;
    const TimePoint now = uv::Loop::now();
    Generation &generation = *order.generation;
    auto next = std::make_unique<WorkerGeneration>(
        loop_, generation,
        WorkerGeneration::Settings{.worker = settings_.number,
                                   .seed = seeds_.next(),
                                   .failures = shared_.failures,
                                   .recorder = settings_.recorder,
                                   .budget = shared_.budget,
                                   .on_end = shared_.progress,
                                   .on_settled = Delegate<void()>::bind<&Worker::on_settled>(*this),
                                   .hand_over = HandOver::bind<&Worker::hand_over>(*this)});
    ProxyDriver &driver = next->driver();
    if (current_) retired_.push_back(std::move(current_));
    current_ = std::move(next);
    for (const auto &retired : retired_) driver.take_doors(retired->driver());
    for (BoundSocket &socket : order.sockets)
        driver.listen(std::move(socket.fd), socket.listener, std::move(socket.address));
    for (const auto &retired : retired_) retired->driver().retire(driver, generation.heirs(), now);
    driver.settle(now);
    adopted_.store(generation.number(), std::memory_order_release);
}

void Worker::carry_out(Forget &order) { to_forget_.push_back(order.generation); }

void Worker::carry_out(Close &order) {
    current_->driver().close_doors(order.address);
    for (const auto &retired : retired_) retired->driver().close_doors(order.address);
}

void Worker::receive() {
    while (auto connection = shared_.balance.take(settings_.number)) {
        // Who gave it may have been quicker to adopt a generation; then the order is there.
        if (find(connection->generation) == nullptr) obey();
        WorkerGeneration *const generation = find(connection->generation);
        assert(generation != nullptr);
        generation->driver().accept(std::move(*connection));
    }
}

WorkerGeneration *Worker::find(std::uint32_t generation) {
    if (current_ && current_->generation().number() == generation) return current_.get();
    const auto found = std::ranges::find_if(retired_, [&](const auto &retired) {
        return retired->generation().number() == generation;
    });
    return found == retired_.end() ? nullptr : found->get();
}

void Worker::rest_all(bool resting) {
    const TimePoint now = uv::Loop::now();
    for (const auto &retired : retired_) retired->driver().set_resting(resting, now);
    current_->driver().set_resting(resting, now);
}

void Worker::drain_all() {
    if (current_->driver().draining()) return;
    shared_.balance.close(settings_.number);
    const TimePoint now = uv::Loop::now();
    for (const auto &retired : retired_) retired->driver().drain(now);
    current_->driver().drain(now);
}

void Worker::end_retired() {
    std::erase_if(retired_, [](const auto &retired) { return retired->over(); });
}

void Worker::after_event(TimePoint now) {
    for (const auto &retired : retired_)
        if (retired->driver().unsettled()) retired->driver().settle(now);
    current_->driver().settle(now);
}

void Worker::on_settled() {
    if (current_ == nullptr) return;  // it is being made
    if (!retired_.empty()) {
        // What a retired one has handed over.
        if (current_->driver().unsettled()) current_->driver().settle(loop_.time());
        const auto over = [](const auto &retired) { return retired->over(); };
        if (std::ranges::any_of(retired_, over)) wake_.send();  // it may be the one that calls
    }
    report();
}

bool Worker::hand_over(AcceptBalance::Connection &connection) {
    if (!shared_.balance.hand_over(settings_.number, connection)) return false;
    stats().accept_handoffs.add();
    return true;
}

stats::WorkerStats::Process &Worker::stats() {
    return current_->generation().stats(settings_.number).process();
}

void Worker::report() {
    std::size_t exchanges = current_->driver().exchanges();
    std::size_t connections = current_->driver().connections();
    for (const auto &retired : retired_) {
        exchanges += retired->driver().exchanges();
        connections += retired->driver().connections();
    }
    exchanges_.store(exchanges, std::memory_order_relaxed);
    stats::Gauge &reported = stats().connections;
    if (std::cmp_not_equal(reported.value(), connections)) {
        reported.set(static_cast<std::int64_t>(connections));
        shared_.balance.set_connections(settings_.number, connections);
    }
    if (current_->driver().draining() && exchanges == 0 && connections == 0 &&
        shared_.balance.nothing_comes(settings_.number))
        drained_.store(true, std::memory_order_release);
}

}  // namespace uvoy::server
