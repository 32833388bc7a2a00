#include "world.h"

#include <algorithm>
#include <utility>

namespace uvoy::sim {

namespace {

constexpr std::size_t endpoints = 4;

config::Config make_config(Scheduler &scheduler) {
    using std::chrono::seconds;
    config::Config config;
    config.listeners.push_back({.name = "web"});
    config.access_log.emplace_back();
    config::Cluster cluster{.name = "app"};
    for (std::size_t i = 0; i < endpoints; ++i)
        cluster.endpoints.push_back({.name = "e" + std::to_string(i)});
    // Small limits are reached, large ones are not.
    cluster.limits.connections = scheduler.chance(30) ? 2 : 1024;
    cluster.limits.pending_timeout = seconds{600};
    cluster.timeouts.idle = seconds{scheduler.between(1, 30)};
    config.clusters.push_back(std::move(cluster));
    config::Route route{.name = "all", .action = config::Forward{0}};
    route.retry.attempts = scheduler.between(1, 3);
    route.timeout = seconds{scheduler.chance(50) ? 30 : 0};
    config.routes.push_back(std::move(route));
    return config;
}

}  // namespace

World::World(std::uint64_t seed) : scheduler_{seed} {
    switch (scheduler_.random.below(4)) {
        case 0:
            break;
        case 1:
            faults_.stale = true;
            break;
        case 2:
            faults_.endpoints = true;
            break;
        default:
            faults_.endpoints = faults_.clients = faults_.stale = true;
            break;
    }
    drains_ = scheduler_.chance(20);
    runtime_ = std::make_unique<proxy::Runtime>(make_config(scheduler_), seed, 1);
    stats_ = std::make_unique<stats::WorkerStats>(runtime_->dimensions());
    proxy_ = std::make_unique<proxy::Proxy>(
        *runtime_,
        proxy::Ports{.dialer = this, .balancer = this, .observer = this, .stats = stats_.get()},
        seed, scheduler_.now());
    std::uint64_t id = seed * 1'000 + 1;
    const std::uint32_t count = scheduler_.between(1, 8);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::vector<std::uint64_t> ids;
        const std::uint32_t length = scheduler_.between(1, 8);
        for (std::uint32_t j = 0; j < length; ++j) ids.push_back(id++);
        requests_ += ids.size();
        clients_.push_back(std::make_unique<Client>(
            scheduler_, faults_, std::move(ids), [this](Client &client) { return connect(client); },
            complaint_));
    }
}

World::~World() {
    // The proxy's transports tell the streams, and those their peers: take the proxy down first.
    proxy_.reset();
}

void World::event(const std::function<void()> &action) {
    action();
    proxy_->settle(scheduler_.now());
    check();
}

std::shared_ptr<Stream> World::connect(Client &client) {
    if (proxy_->draining()) return nullptr;
    auto stream = std::make_shared<Stream>(
        scheduler_, [this](const std::function<void()> &action) { event(action); }, client);
    streams_.push_back(stream);
    event([&] {
        stream->attach(proxy_->accept(stream->make_transport(), 0, "192.0.2.1", scheduler_.now()));
    });
    return stream;
}

std::unique_ptr<proxy::Transport> World::dial(proxy::EndpointId endpoint,
                                              proxy::TransportEvents &events) {
    connections_.push_back(
        std::make_unique<EndpointConnection>(scheduler_, faults_, endpoint.index == 0, sightings_));
    EndpointConnection &connection = *connections_.back();
    auto stream = std::make_shared<Stream>(
        scheduler_, [this](const std::function<void()> &action) { event(action); }, connection);
    streams_.push_back(stream);
    stream->attach(events);
    connection.attach(stream);
    auto transport = stream->make_transport();
    if (faults_.endpoints && scheduler_.chance(3)) return transport;  // a black hole
    const bool refused = faults_.endpoints && scheduler_.chance(15);
    scheduler_.after(std::chrono::microseconds{scheduler_.between(1, 2'000)},
                     [this, refused, stream = std::weak_ptr<Stream>{stream}] {
                         if (const auto open = stream.lock())
                             open->connected([&](proxy::TransportEvents &to) {
                                 if (!refused) to.on_connected(scheduler_.now());
                                 else
                                     to.on_connect_failed(proxy::ConnectError::refused,
                                                          scheduler_.now());
                             });
                     });
    return transport;
}

std::optional<std::uint16_t> World::pick(std::uint16_t, std::uint64_t hash,
                                         std::span<const std::uint16_t> tried) {
    for (std::uint64_t i = 0; i < endpoints; ++i) {
        const auto candidate = static_cast<std::uint16_t>((hash + i) % endpoints);
        if (std::ranges::find(tried, candidate) == tried.end()) return candidate;
    }
    return static_cast<std::uint16_t>(hash % endpoints);
}

void World::on_exchange(const proxy::ExchangeRecord &record) {
    // In a drain a connection gets its running answer and one more, which says that it closes.
    if (++records_ > records_allowed_) complain("a connection outlives the drain");
    if (record.duration < Duration::zero()) complain("a negative duration");
    if (record.received == 0 && record.reason == Reason::none) complain("a request of no bytes");
    if (record.status == 0) complain("a record without status");
}

void World::complain(std::string text) {
    if (complaint_.empty()) complaint_ = std::move(text);
}

void World::check() {
    if (proxy_->exchanges() > proxy_->connections()) complain("more exchanges than connections");
    if (proxy_->exchanges() > 0 && proxy_->deadline() == TimePoint::max())
        complain("an exchange without a deadline");
    const auto active = stats_->listener(0).requests_active.value();
    if (active != static_cast<std::int64_t>(proxy_->exchanges()))
        complain("the gauge of active requests is off");
    std::size_t in_flight = 0;
    for (const auto &endpoint : runtime_->cluster(0).endpoints) in_flight += endpoint->in_flight;
    if (in_flight > proxy_->exchanges()) complain("more requests in flight than exchanges");
    for (const auto &weak : streams_) {
        const auto stream = weak.lock();
        // The mark, one read buffer beyond it, and what framing adds.
        if (stream && stream->queued() > 64 * 1024 + 64 * 1024 + 8 * 1024)
            complain("back pressure failed: " + std::to_string(stream->queued()) + " queued");
    }
    std::erase_if(streams_, [](const auto &weak) { return weak.expired(); });
}

std::size_t World::good() const {
    std::size_t count = 0;
    for (const auto &client : clients_) count += client->good();
    return count;
}

std::size_t World::answered() const {
    std::size_t count = 0;
    for (const auto &client : clients_) count += client->answered();
    return count;
}

std::string World::run() {
    for (const auto &client : clients_) {
        scheduler_.after(std::chrono::microseconds{scheduler_.between(0, 20'000)},
                         [&client = *client] { client.start(); });
    }
    if (drains_) {
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 200)}, [this] {
            records_allowed_ = records_ + proxy_->exchanges() + proxy_->connections();
            event([this] { proxy_->drain(scheduler_.now()); });
        });
    }
    std::uint64_t steps = 0;
    while (complaint_.empty() && sightings_.complaint.empty()) {
        const TimePoint due = proxy_->deadline();
        if (scheduler_.empty() && due == TimePoint::max()) break;
        if (due <= scheduler_.next()) {
            scheduler_.advance_to(due);
            proxy_->on_deadline(scheduler_.now());
            check();
        } else {
            scheduler_.run_next();
        }
        if (++steps > 2'000'000) complain("no end in sight");
    }
    check_end();
    return complaint_;
}

void World::check_end() {
    if (!sightings_.complaint.empty()) complain("endpoint: " + sightings_.complaint);
    for (const auto &client : clients_) {
        if (!client->done() && !drains_) complain("a client still waits");
    }
    if (!complaint_.empty()) return;
    if (proxy_->exchanges() != 0) complain("exchanges are left over");
    if (proxy_->connections() != 0) complain("connections are left over");
    if (records_ < answered()) complain("answers without a record");
    for (const auto &endpoint : runtime_->cluster(0).endpoints)
        if (endpoint->in_flight != 0) complain("in-flight words are left over");
    const auto &cluster = stats_->cluster(0);
    if (cluster.pending.value() != 0 || cluster.connections_active.value() != 0 ||
        cluster.connections_idle.value() != 0)
        complain("gauges of the cluster are left over");
    if (faultless() && good() != requests_) complain("a request was lost");
}

}  // namespace uvoy::sim
