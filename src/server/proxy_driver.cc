#include "server/proxy_driver.h"

#include "server/connection_budget.h"
#include "server/door.h"
#include "uv/address.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace uvoy::server {

namespace {

constexpr Duration clocks_interval = std::chrono::seconds{1};

std::int64_t unix_milliseconds() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::uint64_t thread_nanoseconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

/// Which listener has this address.
std::optional<std::size_t> listener_at(const config::Config &config, const std::string &address) {
    for (std::size_t i = 0; i < config.listeners.size(); ++i)
        for (const config::Address &each : config.listeners[i].addresses)
            if (each.text() == address) return i;
    return std::nullopt;
}

proxy::Ports with_turns(proxy::Ports ports) {
    ports.ends_turns = true;
    return ports;
}

}  // namespace

ProxyDriver::ProxyDriver(uv::Loop &loop, const Settings &settings)
    : loop_{loop},
      settings_{settings},
      timer_{loop, Delegate<void()>::bind<&ProxyDriver::on_timer>(*this)},
      turns_{loop, Delegate<void()>::bind<&proxy::Proxy::begin_turn>(proxy_),
             Delegate<void()>::bind<&ProxyDriver::on_turn_end>(*this)},
      thread_time_{thread_nanoseconds()},
      proxy_{settings.runtime, with_turns(settings.ports), settings.seed, uv::Loop::now()} {
    settle(uv::Loop::now());
}

ProxyDriver::~ProxyDriver() {
    if (settings_.budget != nullptr) settings_.budget->change(budgeted_, 0);
}

void ProxyDriver::listen(uv::FileDescriptor socket, std::size_t listener, std::string address) {
    doors_.push_back(
        std::make_unique<Door>(loop_, std::move(socket), std::move(address), *this, listener));
}

void ProxyDriver::on_accepted(AcceptBalance::Connection connection, bool may_go) {
    const auto hand_over = settings_.hand_over;
    if (!may_go || !hand_over || !hand_over(connection)) accept(std::move(connection));
}

void ProxyDriver::take_doors(ProxyDriver &former) {
    for (auto &door : former.doors_) {
        const auto listener = listener_at(settings_.runtime.config(), door->address());
        if (!listener) {
            door->close_slowly();
            continue;
        }
        door->move_to(*this, *listener);
        doors_.push_back(std::move(door));
    }
    std::erase(former.doors_, nullptr);
}

void ProxyDriver::close_doors(std::string_view address) {
    for (auto &door : doors_) {
        if (!door->closing() || door->address() != address) continue;
        door->stop();
        door.reset();
    }
    std::erase(doors_, nullptr);
}

void ProxyDriver::retire(ProxyDriver &successor, const proxy::Heirs &heirs, TimePoint now) {
    if (!std::exchange(retired_, true)) count_time();
    proxy_.retire(successor.proxy_, heirs, now);
    settle(now);
}

void ProxyDriver::accept(AcceptBalance::Connection connection) {
    const TimePoint now = loop_.time();
    update_clocks(now);
    const bool full = settings_.budget != nullptr && !settings_.budget->has_room();
    const sockaddr_storage &peer = connection.peer;
    auto transport = uv::StreamTransport::adopt(loop_, connection.fd.release());
    uv::StreamTransport &stream = *transport;
    stream.start(proxy_.accept(std::move(transport), connection.listener,
                               std::string{uv::IpText{peer}.view()}, now, full));
    settle(now);
    loop_.took_long();
}

void ProxyDriver::settle(TimePoint now) {
    update_clocks(now);
    // Also if it is not behind events of transports: who accepts has work as well.
    const std::uint64_t before = std::exchange(events_, loop_.events());
    proxy_.settle(now, std::max<std::uint64_t>(events_ - before, 1));
    if (settings_.budget != nullptr && budgeted_ != connections()) {
        settings_.budget->change(budgeted_, connections());
        budgeted_ = connections();
    }
    if (proxy_.in_turn()) turns_.hurry();
    arm();
    if (settings_.on_settled) settings_.on_settled();
}

void ProxyDriver::set_resting(bool resting, TimePoint now) {
    if (resting == proxy_.draining()) return;
    if (resting) proxy_.drain(now);
    else proxy_.resume(now);
    settle(now);
}

void ProxyDriver::drain(TimePoint now) {
    draining_ = true;
    for (const auto &door : doors_) door->stop();
    proxy_.drain(now);
    settle(now);
}

void ProxyDriver::arm() {
    TimePoint due = proxy_.deadline();
    for (const limit::Shard &shard : settings_.ports.limits) due = std::min(due, shard.deadline());
    if (due == TimePoint::max()) return;
    due = std::chrono::ceil<std::chrono::milliseconds>(due);  // all of a millisecond at once
    // A deadline that moves away costs nothing: the timer finds nothing to do and is armed anew.
    if (due >= armed_) return;
    armed_ = due;
    timer_.arm_at(due);
}

void ProxyDriver::on_timer() {
    const TimePoint now = loop_.time();
    settings_.ports.stats->process().loop_lag.observe(uv::Loop::now() - armed_);
    armed_ = TimePoint::max();
    for (limit::Shard &shard : settings_.ports.limits)
        if (shard.deadline() <= now) shard.on_deadline(now);
    proxy_.on_deadline(now);
    settle(now);
}

void ProxyDriver::on_turn_end() {
    const bool waited_for = proxy_.in_turn();
    const TimePoint now = waited_for ? uv::Loop::now() : TimePoint{};
    proxy_.end_turn(now);
    if (waited_for) settle(now);
}

void ProxyDriver::update_clocks(TimePoint now) {
    if (now < clocks_due_) return;
    clocks_due_ = now + clocks_interval;
    proxy_.set_wall_clock(now, unix_milliseconds());
    if (!retired_) count_time();
}

void ProxyDriver::count_time() {
    const std::uint64_t time = thread_nanoseconds();
    settings_.ports.stats->process().busy_nanoseconds.add(time - thread_time_);
    thread_time_ = time;
}

}  // namespace uvoy::server
