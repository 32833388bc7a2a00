#include "proxy/proxy.h"

#include "base/hash.h"
#include "proxy/exchange.h"
#include "proxy/session.h"
#include "route/key.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace uvoy::proxy {

namespace {

constexpr std::size_t spare_exchanges = 1024;

}  // namespace

Proxy::Proxy(const Runtime &runtime, const Ports &ports, std::uint64_t seed, TimePoint now)
    : runtime_{runtime},
      ports_{ports},
      random_{seed},
      wheel_{now},
      pending_(runtime.clusters().size()) {
    for (std::size_t cluster = 0; cluster < runtime.clusters().size(); ++cluster) {
        for (std::size_t index = 0; index < runtime.cluster(cluster).endpoints.size(); ++index) {
            pools_.push_back(
                std::make_unique<Pool>(*this, EndpointId{static_cast<std::uint16_t>(cluster),
                                                         static_cast<std::uint16_t>(index)}));
        }
    }
}

Proxy::~Proxy() {
    for (Actor *actor = actors_; actor != nullptr;) delete std::exchange(actor, actor->next_);
}

Session::Admission Proxy::admit(std::size_t listener, std::string_view client_ip, bool full) {
    const config::Listener &config = runtime_.config().listeners[listener];
    const config::ListenerLimits &limits = config.limits;
    Session::Admission admission{.answered = turned_away_ < most_turned_away,
                                 .trusted = route::is_trusted(config.trusted_proxies, client_ip)};
    ListenerCounts &counts = runtime_.counts(listener);
    const auto connections = counts.connections.load(std::memory_order_relaxed);
    if (runtime_.overloaded().load(std::memory_order_relaxed)) {
        admission.refusal = Reason::overload;
    } else if (full || (limits.connections != 0 && connections >= limits.connections)) {
        admission.refusal = Reason::overflow_connections;
    } else if (limits.connections_per_client != 0 && !admission.trusted &&
               !client_ip.starts_with("unix:")) {
        std::array<char, 46> buffer;
        const std::uint64_t client =
            hash(route::client_network(client_ip, buffer), runtime_.hash_seed());
        if (counts.clients.enter(client, limits.connections_per_client))
            admission.counted_as = client;
        else admission.refusal = Reason::overflow_connections;
    }
    return admission;
}

TransportEvents &Proxy::accept(std::unique_ptr<Transport> transport, std::size_t listener,
                               std::string client_ip, TimePoint now, bool full) {
    const Session::Admission admission = admit(listener, client_ip, full);
    auto session = std::make_unique<Session>(*this, std::move(transport), listener,
                                             std::move(client_ip), admission, now);
    Session &accepted = *session;
    adopt(std::move(session));
    return accepted;
}

void Proxy::adopt(std::unique_ptr<Actor> actor) { link(*actor.release()); }

void Proxy::link(Actor &actor) {
    actor.next_ = actors_;
    if (actors_ != nullptr) actors_->previous_ = &actor;
    actors_ = &actor;
    touch(actor);
}

void Proxy::unlink(Actor &actor) {
    (actor.previous_ != nullptr ? actor.previous_->next_ : actors_) = actor.next_;
    if (actor.next_ != nullptr) actor.next_->previous_ = actor.previous_;
    actor.previous_ = actor.next_ = nullptr;
}

void Proxy::destroy(Actor &actor) {
    unlink(actor);
    delete &actor;
}

void Proxy::hand_over(Actor &actor, Proxy &to) {
    assert(!actor.touched_);
    unlink(actor);
    TimerWheel::remove(actor);
    to.link(actor);
}

void Proxy::touch(Actor &actor) {
    if (actor.touched_) return;
    actor.touched_ = true;
    actor.next_touched_ = touched_;
    touched_ = &actor;
}

void Proxy::settle(TimePoint now, std::uint64_t events) {
    events_ += events;
    while (touched_ != nullptr) {
        Actor &actor = *touched_;
        touched_ = actor.next_touched_;
        actor.touched_ = false;
        if (succession_ && actor.follow(*succession_, now)) continue;  // it is not ours any more
        const TimePoint due = actor.settle(now);
        if (actor.touched_) continue;  // it comes again
        if (due == Actor::done) destroy(actor);
        else wheel_.set(actor, due);
    }
    for (auto &exchange : retired_) {
        if (spare_.size() == spare_exchanges) break;
        exchange->trim();
        spare_.push_back(std::move(exchange));
    }
    retired_.clear();
}

void Proxy::begin_turn() {
    ++turn_;
    calm_ = ports_.ends_turns && events_ < calm_turn;
    events_ = 0;
}

void Proxy::end_turn(TimePoint now) {
    calm_ = false;  // up to the next poll nothing is delivered that could tell
    if (!in_turn()) {
        ++turn_;
        return;
    }
    ending_.swap(reserved_);
    for (UpstreamConnection *&connection : ending_)
        if (connection != nullptr) std::exchange(connection, nullptr)->end_reservation(now);
    ending_.clear();
    ++turn_;
    settle(now);
}

void Proxy::cancel_reservation(const UpstreamConnection &connection) {
    for (auto *list : {&reserved_, &ending_}) std::ranges::replace(*list, &connection, nullptr);
}

void Proxy::on_deadline(TimePoint now) {
    while (Alarm *alarm = wheel_.expire(now)) {
        auto &actor = static_cast<Actor &>(*alarm);
        actor.on_deadline(now);
        touch(actor);
        settle(now);
    }
}

std::unique_ptr<Exchange> Proxy::start_exchange() {
    ++exchanges_;
    if (spare_.empty()) return std::make_unique<Exchange>(*this);
    std::unique_ptr<Exchange> exchange = std::move(spare_.back());
    spare_.pop_back();
    return exchange;
}

void Proxy::retire(std::unique_ptr<Exchange> exchange) {
    --exchanges_;
    retired_.push_back(std::move(exchange));
}

void Proxy::session_opened(std::size_t listener, const Session::Admission &admission) {
    ++connections_;
    auto &stats = ports_.stats->listener(listener);
    if (admission.refusal != Reason::none) {
        ++turned_away_;
        stats.connections_rejected.add();
    } else {
        runtime_.counts(listener).connections.fetch_add(1, std::memory_order_relaxed);
    }
    stats.connections_total.add();
    stats.connections_active.add();
}

void Proxy::session_closed(std::size_t listener, const Session::Admission &admission,
                           Reason reason) {
    --connections_;
    if (admission.refusal != Reason::none) --turned_away_;
    else runtime_.counts(listener).connections.fetch_sub(1, std::memory_order_relaxed);
    if (admission.counted_as) runtime_.counts(listener).clients.leave(*admission.counted_as);
    ports_.stats->listener(listener).connections_active.subtract();
    ports_.stats->process().connections_closed[reason].add();
}

void Proxy::session_moved(std::size_t listener, Proxy &to, std::size_t heir,
                          Session::Admission &admission) {
    --connections_;
    ++to.connections_;
    ports_.stats->listener(listener).connections_active.subtract();
    to.ports_.stats->listener(heir).connections_active.add();
    ListenerCounts &before = runtime_.counts(listener);
    ListenerCounts &after = to.runtime_.counts(heir);
    if (&before == &after) return;
    before.connections.fetch_sub(1, std::memory_order_relaxed);
    after.connections.fetch_add(1, std::memory_order_relaxed);
    if (!admission.counted_as) return;
    before.clients.leave(*admission.counted_as);
    // Nobody who was admitted is sent away.
    after.clients.enter(*admission.counted_as, ~std::uint32_t{0});
}

void Proxy::drain(TimePoint now) {
    if (drain_since_) return;
    drain_since_ = now;
    touch_all();
    settle(now);
}

void Proxy::retire(Proxy &successor, const Heirs &heirs, TimePoint now) {
    if (succession_) succession_->pass_on(successor, heirs, now);
    else succession_.emplace(successor, heirs, now);
    touch_all();
    settle(now);
}

void Proxy::touch_all() {
    for (Actor *actor = actors_; actor != nullptr; actor = actor->next_) touch(*actor);
}

void Proxy::resume(TimePoint now) {
    if (!drain_since_) return;
    drain_since_.reset();
    touch_all();
    settle(now);
}

void Proxy::set_wall_clock(TimePoint now, std::int64_t unix_milliseconds) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    wall_offset_ = unix_milliseconds - duration_cast<milliseconds>(now.time_since_epoch()).count();
}

std::int64_t Proxy::unix_milliseconds(TimePoint now) const {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return wall_offset_ + duration_cast<milliseconds>(now.time_since_epoch()).count();
}

std::string_view Proxy::date(TimePoint now) {
    const std::int64_t second = unix_milliseconds(now) / 1000;
    if (second != date_second_) http::format_date(second, date_);
    date_second_ = second;
    return {date_.data(), date_.size()};
}

}  // namespace uvoy::proxy
