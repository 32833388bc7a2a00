#pragma once

#include "attacker.h"
#include "client.h"
#include "endpoint.h"
#include "proxy/proxy.h"
#include "scheduler.h"
#include "slow_client.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace uvoy::sim {

/// A whole run: a Proxy with its clients and endpoints, all in simulated time; in some runs another
/// configuration takes its place, or several do.
class World final : proxy::Dialer, proxy::Balancer, proxy::Observer {
public:
    explicit World(std::uint64_t seed);
    ~World();

    World(const World &) = delete;
    World &operator=(const World &) = delete;

    /// Runs to the end, with a drain or reloads at random moments in some runs; returns the first
    /// violation, or an empty text.
    std::string run();

    std::size_t good() const;
    std::size_t answered() const;
    std::size_t requests() const { return requests_; }
    bool faultless() const {
        return !faults_.endpoints && !faults_.clients && !faults_.stale && !drains_;
    }

private:
    /// All that goes with one configuration.
    struct Generation {
        std::unique_ptr<proxy::Runtime> runtime;
        std::unique_ptr<stats::WorkerStats> stats;
        std::unique_ptr<proxy::Proxy> proxy;
    };

    std::unique_ptr<proxy::Transport> dial(proxy::EndpointId endpoint,
                                           proxy::TransportEvents &events) override;
    std::optional<Pick> pick(std::uint16_t cluster, std::uint64_t hash,
                             std::span<const std::uint16_t> tried, TimePoint now) override;
    std::uint64_t in_flight(std::uint16_t cluster) const override;
    bool is_out(proxy::EndpointId) const override { return false; }
    void on_endpoint_failure(const proxy::EndpointFailure &) override {}
    void on_exchange(const proxy::ExchangeRecord &record) override;

    std::shared_ptr<Stream> connect(Peer &client);
    void event(const std::function<void()> &action);
    void add_generation(std::unique_ptr<proxy::Runtime> runtime);
    void reload();
    /// Ends an event: of the former configurations first, for they hand over to the later ones.
    void settle();
    /// The same, together with events that come soon.
    void settle_later();
    proxy::Proxy &proxy() { return *generations_.back().proxy; }
    const proxy::Runtime &runtime() const { return *generations_.back().runtime; }
    std::size_t exchanges() const;
    std::size_t connections() const;
    TimePoint deadline() const;
    bool in_turn() const;
    void add_clients(std::uint64_t seed);
    void add_attackers(std::uint64_t first_id);
    void add_slow_client(std::uint64_t first_id);
    void check_record(const proxy::ExchangeRecord &record);
    /// Starts it within the first moments.
    void start_soon(std::function<void()> start);
    /// What had come together with this event is delivered before the turn ends.
    void begin_turn();
    void end_turn();
    void deliver_in_turn(std::function<void()> action);
    void deliver_arrived();
    void check();
    void check(const Generation &generation);
    void check_memory();
    void check_end();
    void complain(std::string text);

    Scheduler scheduler_;
    Faults faults_;
    bool drains_ = false;                         // all clients, or those of a listener
    bool ends_ = false;                           // with a drain of all
    bool turns_ = false;                          // one is under way
    std::vector<std::function<void()>> arrived_;  // before it, and not delivered yet
    bool ends_turns_ = false;
    bool settles_later_ = false;  // it is not always done after each event
    bool unsettled_ = false;
    std::vector<Generation> generations_;  // the present one is the last
    std::shared_ptr<stats::ProcessFields<stats::Live>> process_stats_;
    Sightings sightings_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::unique_ptr<Attacker>> attackers_;
    std::unique_ptr<SlowClient> slow_client_;
    std::vector<std::unique_ptr<EndpointConnection>> connections_;
    std::vector<std::weak_ptr<Stream>> streams_;
    std::string complaint_;
    std::size_t requests_ = 0;
    std::size_t bytes_at_start_ = 0;
    std::size_t most_connections_ = 0;
    std::size_t records_ = 0;
    std::size_t records_allowed_ = ~std::size_t{0};
};

}  // namespace uvoy::sim
