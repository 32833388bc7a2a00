#pragma once

#include "../sim/scheduler.h"
#include "proxy/proxy.h"
#include "raw_client.h"
#include "raw_endpoint.h"
#include "script.h"

#include <array>
#include <memory>
#include <vector>

namespace uvoy::fuzz {

/// A Proxy among clients and endpoints that do what a script says, in simulated time.
class SessionWorld final : proxy::Dialer, proxy::Balancer, proxy::Observer {
public:
    explicit SessionWorld(Script script);
    ~SessionWorld();

    SessionWorld(const SessionWorld &) = delete;
    SessionWorld &operator=(const SessionWorld &) = delete;

    /// To the end of the script, and then until nothing is left to happen.
    void run();

private:
    std::unique_ptr<proxy::Transport> dial(proxy::EndpointId endpoint,
                                           proxy::TransportEvents &events) override;
    std::optional<Pick> pick(std::uint16_t cluster, std::uint64_t hash,
                             std::span<const std::uint16_t> tried, TimePoint now) override;
    std::uint64_t in_flight(std::uint16_t cluster) const override;
    bool is_out(proxy::EndpointId) const override { return false; }
    void on_endpoint_failure(const proxy::EndpointFailure &) override {}
    void on_exchange(const proxy::ExchangeRecord &record) override;

    void perform(const Script::Command &command);
    void connect(RawClient &client);
    /// "1" to "3", "n" and "o"; null if there is no such connection.
    RawPeer *peer(char name);
    std::shared_ptr<sim::Stream> make_stream(sim::Peer &peer);

    void event(const std::function<void()> &action);
    /// With the next events, as a driver does for those that one poll has brought.
    void settle_later();
    void settle();
    void run_for(Duration time);
    /// The next thing that happens; false if nothing does until `end`.
    bool step(TimePoint end);
    void check_always();
    void check_end();

    static constexpr std::size_t endpoints = 2;

    Script script_;
    sim::Scheduler scheduler_;
    std::unique_ptr<proxy::Runtime> runtime_;
    std::unique_ptr<stats::WorkerStats> stats_;
    std::unique_ptr<proxy::Proxy> proxy_;
    Replies replies_;
    std::array<RawClient, 3> clients_;
    std::vector<std::unique_ptr<RawEndpoint>> connections_;
    std::vector<std::weak_ptr<sim::Stream>> streams_;
    char next_dial_ = '\0';
    std::uint64_t unsettled_ = 0;  // events
    std::size_t steps_ = 0;
    std::size_t attempts_ = 0;  // of recorded exchanges
};

}  // namespace uvoy::fuzz
