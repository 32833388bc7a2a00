#include "world.h"

#include "memory.h"
#include "proxy/exchange.h"

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <utility>

namespace uvoy::sim {

namespace {

constexpr std::size_t endpoints = 4;

// What the core may hold: for each configuration, for each exchange that it keeps for the next
// request, and for each connection: a head at its largest, what comes with it, and room that a
// string has grown by.
constexpr std::size_t bytes_of_core = 512 * 1024;
constexpr std::size_t bytes_of_exchange = 48 * 1024;
constexpr std::size_t bytes_of_connection = 3 * (32 + 32) * 1024;

config::Retry make_retry(Scheduler &scheduler, const Faults &faults) {
    using Kind = config::RetryOn::Kind;
    config::Retry retry;
    retry.attempts = scheduler.between(1, 3);
    if (scheduler.chance(50)) retry.on.push_back({.kind = Kind::gateway_error});
    if (faults.endpoints && scheduler.chance(30)) {
        retry.on.push_back({.kind = Kind::timeout});
        retry.per_try_timeout = std::chrono::milliseconds{scheduler.between(100, 5'000)};
    }
    if (scheduler.chance(30)) retry.buffer = scheduler.between(0, 2'000);
    return retry;
}

config::Config make_config(Scheduler &scheduler, const Faults &faults) {
    using std::chrono::seconds;
    config::Config config;
    config.listeners.push_back({.name = "web", .addresses = {{.host = "192.0.2.9", .port = 80}}});
    config.access_log.emplace_back();
    config::Cluster cluster{.name = "app"};
    for (std::size_t i = 0; i < endpoints; ++i)
        cluster.endpoints.push_back({.name = "e" + std::to_string(i)});
    // Small limits are reached, large ones are not.
    cluster.limits.connections = scheduler.chance(30) ? 2 : 1024;
    cluster.limits.pending_timeout = seconds{600};
    cluster.timeouts.idle = seconds{scheduler.between(1, 30)};
    config::Route route{.name = "all", .action = config::Forward{0}};
    route.retry = make_retry(scheduler, faults);
    // A budget that does not depend on what is under way can be looked at at any moment; it may
    // cost a request.
    if (faults.endpoints && scheduler.chance(30))
        cluster.retry_budget = {.ratio = {0}, .min = scheduler.between(0, 2)};
    route.timeout = seconds{scheduler.chance(50) ? 30 : 0};
    config.clusters.push_back(std::move(cluster));
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
    drains_ = ends_ = scheduler_.chance(20);
    config::Config config = make_config(scheduler_, faults_);
    ends_turns_ = scheduler_.chance(80);
    settles_later_ = scheduler_.chance(50);
    process_stats_ = std::make_shared<stats::WorkerStats::Process>();
    bytes_at_start_ = core_bytes();
    {
        const InCore core;
        add_generation(std::make_unique<proxy::Runtime>(std::move(config), seed, 1));
    }
    add_clients(seed);
    if (scheduler_.chance(40)) add_attackers(seed * 1'000 + 500);
    if (scheduler_.chance(10)) add_slow_client(seed * 1'000 + 800);
    for (std::uint32_t left = scheduler_.chance(40) ? scheduler_.between(1, 4) : 0; left > 0;
         --left)
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(0, 100)},
                         [this] { reload(); });
}

void World::add_generation(std::unique_ptr<proxy::Runtime> runtime) {
    auto stats = std::make_unique<stats::WorkerStats>(runtime->dimensions(), process_stats_);
    auto proxy = std::make_unique<proxy::Proxy>(*runtime,
                                                proxy::Ports{.dialer = this,
                                                             .balancer = this,
                                                             .observer = this,
                                                             .stats = stats.get(),
                                                             .ends_turns = ends_turns_},
                                                scheduler_.random.next(), scheduler_.now());
    generations_.push_back({std::move(runtime), std::move(stats), std::move(proxy)});
}

void World::reload() {
    if (proxy().draining()) return;
    config::Config config = runtime().config();
    config::Cluster &cluster = config.clusters[0];
    std::ranges::reverse(cluster.endpoints);  // whose places stay
    cluster.timeouts.idle = std::chrono::seconds{scheduler_.between(1, 30)};
    // A client that is slow may hold one for as long as a route has.
    if (scheduler_.chance(30)) cluster.limits.connections = scheduler_.between(2, 4);
    if (scheduler_.chance(20)) {  // the clients of the former listener have to go
        ++config.listeners[0].addresses[0].port;
        drains_ = true;
    }
    const proxy::Runtime &former = runtime();
    {
        const InCore core;
        add_generation(
            std::make_unique<proxy::Runtime>(std::move(config), former.hash_seed(), 1, former));
    }
    const proxy::Heirs heirs{former, runtime()};
    event([&] {
        for (std::size_t i = 0; i + 1 < generations_.size(); ++i)
            generations_[i].proxy->retire(proxy(), heirs, scheduler_.now());
    });
}

void World::settle_later() {
    if (std::exchange(unsettled_, true)) return;
    const OutOfCore out;
    scheduler_.after(std::chrono::microseconds{scheduler_.between(0, 50)}, [this] {
        if (!unsettled_) return;
        {
            const InCore core;
            settle();
        }
        check();
    });
}

void World::settle() {
    unsettled_ = false;
    for (const Generation &generation : generations_) generation.proxy->settle(scheduler_.now());
    std::erase_if(generations_, [&](const Generation &generation) {
        return &generation != &generations_.back() && generation.proxy->empty();
    });
}

std::size_t World::exchanges() const {
    std::size_t sum = 0;
    for (const Generation &generation : generations_) sum += generation.proxy->exchanges();
    return sum;
}

std::size_t World::connections() const {
    std::size_t sum = 0;
    for (const Generation &generation : generations_) sum += generation.proxy->connections();
    return sum;
}

TimePoint World::deadline() const {
    TimePoint due = TimePoint::max();
    for (const Generation &generation : generations_)
        due = std::min(due, generation.proxy->deadline());
    return due;
}

bool World::in_turn() const {
    return std::ranges::any_of(
        generations_, [](const Generation &generation) { return generation.proxy->in_turn(); });
}

void World::add_clients(std::uint64_t seed) {
    std::uint64_t id = seed * 1'000 + 1;
    const std::uint32_t count = scheduler_.between(1, 8);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::vector<std::uint64_t> ids;
        const std::uint32_t length = scheduler_.between(1, 8);
        for (std::uint32_t j = 0; j < length; ++j) ids.push_back(id++);
        requests_ += ids.size();
        clients_.push_back(std::make_unique<Client>(
            scheduler_, faults_, std::move(ids), [this](Peer &client) { return connect(client); },
            complaint_));
        start_soon([&client = *clients_.back()] { client.start(); });
    }
}

void World::add_attackers(std::uint64_t first_id) {
    std::uint64_t id = first_id;
    const std::uint32_t count = scheduler_.between(1, 4);
    for (std::uint32_t i = 0; i < count; ++i) {
        // Requests that leave their connection as they found it.
        std::deque<std::uint64_t> ids;
        const std::uint32_t length = scheduler_.between(0, 3);
        for (; ids.size() < length; ++id) {
            const Plan plan{id};
            if (plan.idempotent() && !plan.http10 && !plan.tunnel &&
                plan.answer != Plan::Answer::early)
                ids.push_back(id);
        }
        const auto all = attacks();
        const Attack &attack =
            all[scheduler_.between(0, static_cast<std::uint32_t>(all.size() - 1))];
        attackers_.push_back(std::make_unique<Attacker>(
            scheduler_, faults_, attack, std::move(ids),
            [this](Peer &client) { return connect(client); }, complaint_));
        start_soon([&attacker = *attackers_.back()] { attacker.start(); });
    }
}

void World::add_slow_client(std::uint64_t first_id) {
    using Kind = SlowClient::Kind;
    const auto kind = static_cast<Kind>(scheduler_.random.below(4));
    // A reader must not be able to have all in the kernel's buffers.
    const std::size_t large = kind == Kind::flood ? 0 : 100'000;
    std::uint64_t id = first_id;
    for (;; ++id) {
        const Plan plan{id};
        if (plan.method == "GET" && !plan.http10 && !plan.tunnel && plan.response_size >= large)
            break;
    }
    slow_client_ = std::make_unique<SlowClient>(
        scheduler_, faults_, kind, id, runtime().config().routes[0].timeout,
        [this](Peer &client) { return connect(client); }, complaint_);
    start_soon([this] { slow_client_->start(); });
}

void World::start_soon(std::function<void()> start) {
    scheduler_.after(std::chrono::microseconds{scheduler_.between(0, 20'000)}, std::move(start));
}

World::~World() {
    // The proxy's transports tell the streams, and those their peers: take the proxy down first.
    for (Generation &generation : generations_) generation.proxy.reset();
}

void World::event(const std::function<void()> &action) {
    begin_turn();
    {
        const InCore core;
        action();
        if (settles_later_ && scheduler_.chance(50)) settle_later();
        else settle();
    }
    check();
}

std::shared_ptr<Stream> World::connect(Peer &client) {
    if (proxy().draining()) return nullptr;
    auto stream = std::make_shared<Stream>(
        scheduler_, [this](const std::function<void()> &action) { event(action); }, client);
    streams_.push_back(stream);
    auto transport = stream->make_transport();
    event([&] {
        stream->attach(proxy().accept(std::move(transport), 0, "192.0.2.1", scheduler_.now()));
    });
    if (unsettled_) {  // the first event comes behind it
        const InCore core;
        settle();
    }
    return stream;
}

std::unique_ptr<proxy::Transport> World::dial(proxy::EndpointId endpoint,
                                              proxy::TransportEvents &events) {
    const OutOfCore out;
    connections_.push_back(
        std::make_unique<EndpointConnection>(scheduler_, faults_, endpoint.index == 0, sightings_));
    EndpointConnection &connection = *connections_.back();
    auto stream = std::make_shared<Stream>(
        scheduler_, [this](const std::function<void()> &action) { event(action); }, connection,
        [this](std::function<void()> action) { deliver_in_turn(std::move(action)); });
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

std::uint64_t World::in_flight(std::uint16_t cluster) const {
    std::uint64_t sum = 0;
    for (const auto &endpoint : runtime().cluster(cluster).endpoints) sum += endpoint->in_flight;
    return sum;
}

std::optional<proxy::Balancer::Pick> World::pick(std::uint16_t, std::uint64_t hash,
                                                 std::span<const std::uint16_t> tried, TimePoint) {
    auto picked = static_cast<std::uint16_t>(hash % endpoints);
    for (std::uint64_t i = 0; i < endpoints; ++i) {
        const auto candidate = static_cast<std::uint16_t>((hash + i) % endpoints);
        if (std::ranges::find(tried, candidate) != tried.end()) continue;
        picked = candidate;
        break;
    }
    cluster::Endpoint &endpoint = runtime().endpoint({0, picked});
    return Pick{.endpoint = &endpoint, .in_flight = endpoint.enter()};
}

void World::on_exchange(const proxy::ExchangeRecord &record) {
    const OutOfCore out;
    // In a drain a connection gets its running answer and one more, which says that it closes.
    if (++records_ > records_allowed_) complain("a connection outlives the drain");
    scheduler_.trace(this, name(record.reason), record.path);
    check_record(record);
    if (record.duration < Duration::zero()) complain("a negative duration");
    if (record.received == 0 && record.reason == Reason::none) complain("a request of no bytes");
    if (record.status == 0) complain("a record without status");
}

void World::check_record(const proxy::ExchangeRecord &record) {
    const auto is = [&record](std::initializer_list<Reason> reasons) {
        return std::ranges::find(reasons, record.reason) != reasons.end();
    };
    const auto wrong = [&](const char *what) {
        complain(what + (" " + std::to_string(record.status) + " " +
                         std::string{name(record.reason)} + " " + std::string{record.path}));
    };
    const Duration timeout = runtime().config().routes[0].timeout;
    // After uvoy's own answer the rest of a body is still read and thrown away.
    const Duration late = record.reason == Reason::route_timeout ? proxy::Exchange::longest_discard
                                                                 : Duration::zero();
    if (!record.route.empty() && record.status != 101 && timeout > Duration::zero() &&
        record.duration > timeout + TimerWheel::tick + late)
        wrong("an exchange outlives its route's timeout:");
    switch (record.status) {
        case 400:
        case 417:
        case 501:
        case 505:
            if (!is({Reason::bad_request})) wrong("a wrong reason:");
            break;
        case 408:
            if (!is({Reason::client_timeout})) wrong("a wrong reason:");
            break;
        case 414:
            if (!is({Reason::target_too_long})) wrong("a wrong reason:");
            break;
        case 431:
            if (!is({Reason::headers_too_large})) wrong("a wrong reason:");
            break;
        case 504:
            if (!is({Reason::connect_timeout, Reason::route_timeout, Reason::idle_timeout,
                     Reason::first_byte_timeout}))
                wrong("a wrong reason:");
            break;
        default:
            break;
    }
    const auto bad = sightings_.bad_responses.find(id_of(record.path));
    if (bad == sightings_.bad_responses.end()) return;
    const BadResponse &response = *bad->second;
    sightings_.bad_responses.erase(bad);  // the same request may come again
    if (record.attempts > 1) return;      // so the last try decides
    if (record.status == 502 &&
        !is({response.reason, Reason::client_closed, Reason::reset_in_body}))
        wrong("a wrong reason:");
    if (record.reason == Reason::none) wrong("a bad response passed:");
}

void World::complain(std::string text) {
    if (complaint_.empty()) complaint_ = std::move(text);
}

void World::begin_turn() {
    if (std::exchange(turns_, true)) return;
    if (faults_.endpoints)
        // What one says may make uvoy dial another one.
        for (std::size_t i = 0; i < connections_.size(); ++i)
            connections_[i]->maybe_speak_unasked();
    {
        const InCore core;
        for (const Generation &generation : generations_) generation.proxy->begin_turn();
    }
    scheduler_.after(std::chrono::microseconds{scheduler_.between(0, 100)}, [this] { end_turn(); });
}

void World::end_turn() {
    deliver_arrived();
    {
        const InCore core;
        if (unsettled_) settle();
        for (const Generation &generation : generations_)
            generation.proxy->end_turn(scheduler_.now());
        settle();
    }
    turns_ = false;
    check();
    if (in_turn()) begin_turn();
}

void World::deliver_in_turn(std::function<void()> action) {
    if (!ends_turns_) {  // nobody would know that it was there before
        action();
        return;
    }
    arrived_.push_back(std::move(action));
    scheduler_.after(std::chrono::microseconds{scheduler_.between(0, 100)},
                     [this] { deliver_arrived(); });
}

void World::deliver_arrived() {
    for (const auto &deliver : std::exchange(arrived_, {})) deliver();
}

void World::check(const Generation &generation) {
    const proxy::Proxy &proxy = *generation.proxy;
    if (proxy.exchanges() > proxy.connections()) complain("more exchanges than connections");
    if (proxy.exchanges() > 0 && proxy.deadline() == TimePoint::max())
        complain("an exchange without a deadline");
    const auto active = generation.stats->listener(0).requests_active.value();
    if (active != static_cast<std::int64_t>(proxy.exchanges()))
        complain("the gauge of active requests is off");
    const proxy::ClusterRuntime &cluster = generation.runtime->cluster(0);
    const config::RetryBudget &budget = cluster.config->retry_budget;
    const std::uint32_t retries = cluster.retries;
    if (retries > proxy.exchanges()) complain("more retries than exchanges");
    if (budget.ratio.basis_points == 0 && retries > budget.min) complain("beyond the retry budget");
}

void World::check() {
    if (unsettled_) return;
    check_memory();
    for (const Generation &generation : generations_) check(generation);
    std::size_t in_flight = 0;
    for (const auto &endpoint : runtime().cluster(0).endpoints) in_flight += endpoint->in_flight;
    if (in_flight > exchanges()) complain("more requests in flight than exchanges");
    for (const auto &weak : streams_) {
        const auto stream = weak.lock();
        // The mark, one read buffer beyond it, and what framing adds.
        if (stream && stream->queued() > 64 * 1024 + 64 * 1024 + 8 * 1024)
            complain("back pressure failed: " + std::to_string(stream->queued()) + " queued");
    }
    std::erase_if(streams_, [](const auto &weak) { return weak.expired(); });
}

void World::check_memory() {
    std::size_t upstream = 0;
    for (const Generation &generation : generations_) {
        const auto &cluster = generation.stats->cluster(0);
        upstream += static_cast<std::size_t>(cluster.connections_active.value() +
                                             cluster.connections_idle.value());
    }
    most_connections_ = std::max(most_connections_, connections());
    const std::size_t limit =
        generations_.size() * (bytes_of_core + most_connections_ * bytes_of_exchange) +
        (connections() + upstream) * bytes_of_connection;
    const std::size_t held = core_bytes() - bytes_at_start_;
    if (held > limit)
        complain("the core holds " + std::to_string(held) + " bytes, more than " +
                 std::to_string(limit));
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
    if (ends_) {
        scheduler_.after(std::chrono::milliseconds{scheduler_.between(1, 200)}, [this] {
            records_allowed_ = records_ + exchanges() + connections();
            event([this] {
                for (const Generation &generation : generations_)
                    generation.proxy->drain(scheduler_.now());
            });
        });
    }
    std::uint64_t steps = 0;
    while (complaint_.empty() && sightings_.complaint.empty()) {
        const TimePoint due = deadline();
        if (scheduler_.empty() && due == TimePoint::max()) break;
        if (due <= scheduler_.next()) {
            scheduler_.advance_to(due);
            {
                const InCore core;
                for (const Generation &generation : generations_)
                    generation.proxy->on_deadline(scheduler_.now());
                settle();
            }
            check();
            if (in_turn()) begin_turn();
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
    for (const auto &attacker : attackers_) {
        if (!attacker->done()) complain("an attacker still waits");
    }
    if (slow_client_ && !slow_client_->done()) complain("a slow client still waits");
    if (!complaint_.empty()) return;
    if (exchanges() != 0) complain("exchanges are left over");
    if (connections() != 0) complain("connections are left over");
    if (generations_.size() != 1) complain("former configurations are left over");
    if (records_ < answered()) complain("answers without a record");
    for (const auto &endpoint : runtime().cluster(0).endpoints)
        if (endpoint->in_flight != 0) complain("in-flight words are left over");
    if (runtime().cluster(0).retries != 0) complain("retries are left over");
    const auto &cluster = generations_.back().stats->cluster(0);
    if (cluster.pending.value() != 0 || cluster.connections_active.value() != 0 ||
        cluster.connections_idle.value() != 0)
        complain("gauges of the cluster are left over");
    if (faultless() && good() != requests_) complain("a request was lost");
}

}  // namespace uvoy::sim
