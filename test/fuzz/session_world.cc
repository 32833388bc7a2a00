#include "session_world.h"

#include "check.h"

#include <algorithm>
#include <utility>

namespace uvoy::fuzz {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

config::Config make_config(unsigned options, std::size_t endpoints) {
    config::Config config;
    config::Listener listener{.name = "web"};
    listener.limits.header_bytes = 2048;
    listener.limits.target_bytes = 256;
    listener.limits.headers = 32;
    if ((options & Script::few_requests) != 0) {
        listener.limits.requests_per_connection = 2;
        listener.limits.connections = 2;
    }
    if ((options & Script::trusting) != 0)
        listener.trusted_proxies.push_back({Network::parse("192.0.2.0/24")});
    if ((options & Script::keeping_paths) != 0)
        listener.normalize.dot_segments = config::Normalize::DotSegments::keep;
    config.listeners.push_back(std::move(listener));
    config.access_log.emplace_back();

    config::Cluster cluster{.name = "app"};
    for (std::size_t i = 0; i < endpoints; ++i)
        cluster.endpoints.push_back({.name = "e" + std::to_string(i)});
    if ((options & Script::few_connections) != 0)
        cluster.limits.connections = cluster.limits.pending = 1;
    config.clusters.push_back(std::move(cluster));

    config::Respond respond{.status = 404, .body = "none\n"};
    config::Route local{.name = "local", .action = respond};
    local.match.path = {.kind = config::PathMatch::Kind::prefix, .text = "/local"};
    config.routes.push_back(std::move(local));
    config::Route route{.name = "all", .action = config::Forward{0}};
    route.timeout = seconds{(options & Script::untimed) != 0 ? 0 : 30};
    route.retry.attempts = (options & Script::retrying) != 0 ? 2 : 0;
    if ((options & Script::small_bodies) != 0) route.max_body = 1000;
    config.routes.push_back(std::move(route));
    return config;
}

}  // namespace

SessionWorld::SessionWorld(Script script)
    : script_{script},
      scheduler_{script.timing()},
      runtime_{std::make_unique<proxy::Runtime>(make_config(script.options(), endpoints), 1, 1)},
      stats_{std::make_unique<stats::WorkerStats>(runtime_->dimensions())},
      proxy_{std::make_unique<proxy::Proxy>(
          *runtime_,
          proxy::Ports{.dialer = this, .balancer = this, .observer = this, .stats = stats_.get()},
          1, scheduler_.now())},
      clients_{RawClient{"192.0.2.1"}, RawClient{"192.0.2.2"}, RawClient{"192.0.2.3"}} {}

SessionWorld::~SessionWorld() {
    // The proxy's transports tell the streams, and those their peers: take the proxy down first.
    proxy_.reset();
}

std::shared_ptr<sim::Stream> SessionWorld::make_stream(sim::Peer &peer) {
    auto stream = std::make_shared<sim::Stream>(
        scheduler_, [this](const std::function<void()> &action) { event(action); }, peer);
    streams_.push_back(stream);
    return stream;
}

std::unique_ptr<proxy::Transport> SessionWorld::dial(proxy::EndpointId,
                                                     proxy::TransportEvents &events) {
    connections_.push_back(std::make_unique<RawEndpoint>(replies_));
    RawEndpoint &endpoint = *connections_.back();
    const auto stream = make_stream(endpoint);
    stream->attach(events);
    endpoint.attach(stream, false);
    const char outcome = std::exchange(next_dial_, '\0');
    const auto answer = [this, outcome, &endpoint, weak = std::weak_ptr<sim::Stream>{stream}] {
        const auto open = weak.lock();
        if (open == nullptr) return;
        open->connected([&](proxy::TransportEvents &to) {
            if (outcome != 'r') {
                endpoint.opened();
                to.on_connected(scheduler_.now());
            } else {
                to.on_connect_failed(proxy::ConnectError::refused, scheduler_.now());
            }
        });
    };
    if (outcome != 'h')
        scheduler_.after(std::chrono::microseconds{scheduler_.between(1, 2'000)}, answer);
    return stream->make_transport();
}

std::uint64_t SessionWorld::in_flight(std::uint16_t cluster) const {
    std::uint64_t sum = 0;
    for (const auto &endpoint : runtime_->cluster(cluster).endpoints) sum += endpoint->in_flight;
    return sum;
}

std::optional<proxy::Balancer::Pick> SessionWorld::pick(std::uint16_t, std::uint64_t hash,
                                                        std::span<const std::uint16_t> tried,
                                                        TimePoint) {
    const auto first = static_cast<std::uint16_t>(hash % endpoints);
    const auto second = static_cast<std::uint16_t>((hash + 1) % endpoints);
    const bool again = std::ranges::find(tried, first) != tried.end();
    cluster::Endpoint &endpoint = runtime_->endpoint({0, again ? second : first});
    return Pick{.endpoint = &endpoint, .in_flight = endpoint.enter()};
}

void SessionWorld::on_exchange(const proxy::ExchangeRecord &record) {
    check(record.duration >= Duration::zero(), "a negative duration");
    check(record.status >= 100 && record.status <= 599, "a record without status");
    attempts_ += record.attempts;
    // Whoever is trusted may speak for others.
    if ((script_.options() & Script::trusting) != 0) return;
    const auto client = std::ranges::find(clients_, record.client, &RawClient::address);
    check(client != clients_.end(), "a record of nobody");
    client->record({std::string{record.method}, record.status});
}

RawPeer *SessionWorld::peer(char name) {
    if (name >= '1' && name <= '3') return &clients_[static_cast<std::size_t>(name - '1')];
    const std::size_t age = name == 'n' ? 1 : 2;
    if ((name != 'n' && name != 'o') || connections_.size() < age) return nullptr;
    return connections_[connections_.size() - age].get();
}

void SessionWorld::connect(RawClient &client) {
    if (client.attached() || proxy_->draining()) return;
    const auto stream = make_stream(client);
    client.attach(stream, true);
    if (unsettled_ != 0) settle();  // whoever has gone makes room
    stream->attach(proxy_->accept(stream->make_transport(), 0, client.address(), scheduler_.now()));
    ++unsettled_;
    settle();
}

void SessionWorld::perform(const Script::Command &command) {
    static constexpr std::size_t flood = 40'000;
    RawPeer *const peer = this->peer(command.what());
    switch (command.letter) {
        case '1':
        case '2':
        case '3':
            connect(clients_[static_cast<std::size_t>(command.letter - '1')]);
            [[fallthrough]];
        case 'n':
        case 'o':
            if (RawPeer *const sender = this->peer(command.letter)) sender->send(command.argument);
            break;
        case 'e':
            replies_.scripted.push_back(command.argument);
            break;
        case 'f':
            if (peer != nullptr) peer->finish();
            break;
        case 'r':
            if (peer != nullptr) peer->reset();
            break;
        case 's':
            if (peer != nullptr) peer->stall(seconds{30});
            break;
        case 'k':
            if (peer != nullptr) peer->send(std::string(flood, 'k'));
            break;
        case 'w': {
            Duration time = milliseconds{1};
            for (int i = std::clamp(command.what() - '0', 0, 6); i > 0; --i) time *= 10;
            run_for(time);
            break;
        }
        case 'c':
            next_dial_ = command.what();
            break;
        case 'd':
            if (!proxy_->draining()) event([this] { proxy_->drain(scheduler_.now()); });
            break;
        default:
            break;
    }
}

void SessionWorld::event(const std::function<void()> &action) {
    action();
    ++unsettled_;
    if (script_.settles_late() && scheduler_.chance(50)) settle_later();
    else settle();
}

void SessionWorld::settle_later() {
    if (unsettled_ > 1) return;
    scheduler_.after(std::chrono::microseconds{scheduler_.between(0, 300)}, [this] {
        if (unsettled_ != 0) settle();
    });
}

void SessionWorld::settle() {
    proxy_->settle(scheduler_.now(), std::exchange(unsettled_, 0));
    check_always();
}

void SessionWorld::check_always() {
    check(proxy_->exchanges() <= proxy_->connections(), "more exchanges than connections");
    check(proxy_->exchanges() == 0 || proxy_->deadline() != TimePoint::max(),
          "an exchange without a deadline");
    check(stats_->listener(0).requests_active.value() ==
              static_cast<std::int64_t>(proxy_->exchanges()),
          "the gauge of active requests is off");
    std::size_t in_flight = 0;
    for (const auto &endpoint : runtime_->cluster(0).endpoints) in_flight += endpoint->in_flight;
    check(in_flight <= proxy_->exchanges(), "more requests in flight than exchanges");
    for (const auto &weak : streams_) {
        const auto stream = weak.lock();
        // The mark, one read buffer beyond it, and what framing adds.
        check(!stream || stream->queued() <= (64 + 64 + 8) * 1024, "back pressure failed");
    }
    std::erase_if(streams_, [](const auto &weak) { return weak.expired(); });
}

bool SessionWorld::step(TimePoint end) {
    const TimePoint due = proxy_->deadline();
    const TimePoint next = scheduler_.empty() ? TimePoint::max() : scheduler_.next();
    const TimePoint first = std::min(due, next);
    if (first == TimePoint::max() || first > end) return false;
    check(++steps_ < 500'000, "no end in sight");
    if (due <= next && unsettled_ != 0) {
        settle();  // and then there may be no such deadline
    } else if (due <= next) {
        scheduler_.advance_to(due);
        proxy_->on_deadline(scheduler_.now());
        check_always();
    } else {
        scheduler_.run_next();
    }
    return true;
}

void SessionWorld::run_for(Duration time) {
    const TimePoint end = scheduler_.now() + time;
    while (step(end)) {
    }
    scheduler_.advance_to(end);
}

void SessionWorld::run() {
    static constexpr std::size_t most_commands = 100;
    for (std::size_t i = 0; i < most_commands; ++i) {
        const auto command = script_.next();
        if (!command) break;
        perform(*command);
        run_for(milliseconds{1});
    }
    while (step(TimePoint::max())) {
    }
    check_end();
}

void SessionWorld::check_end() {
    check(proxy_->exchanges() == 0, "exchanges are left over");
    check(proxy_->connections() == 0, "connections are left over");
    check(replies_.requests <= attempts_, "more requests arrived than were sent");
    for (const auto &endpoint : runtime_->cluster(0).endpoints)
        check(endpoint->in_flight == 0, "in-flight words are left over");
    const auto &cluster = stats_->cluster(0);
    check(cluster.pending.value() == 0 && cluster.connections_active.value() == 0 &&
              cluster.connections_idle.value() == 0,
          "gauges of the cluster are left over");
    if ((script_.options() & Script::trusting) != 0) return;
    for (const RawClient &client : clients_) client.check_answers();
}

}  // namespace uvoy::fuzz
