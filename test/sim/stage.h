#pragma once

#include "config/config.h"
#include "proxy/proxy.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::sim {

/// The far end of one connection, as a script sees it: nothing happens to it by chance.
struct Wire {
    std::string received;   ///< what the proxy wrote and this end has taken
    std::string queue;      ///< what it wrote and this end has not
    std::string put_off;    ///< what it wrote and has not tried to send
    bool takes = true;      ///< takes at once what is written
    bool puts_off = false;  ///< what is written waits for Stage::send_put_off()
    bool ended = false;     ///< the proxy writes no more, or has closed
    bool reset = false;     ///< and says that what it wrote is not whole
    bool open = true;       ///< the proxy holds its end
    bool paused = false;    ///< and does not read from it
    proxy::TransportEvents *events = nullptr;

    /// Where what is sent goes.
    std::string &next() { return takes && queue.empty() ? received : queue; }
    void send_put_off() { next().append(std::exchange(put_off, {})); }
};

/// One proxy in simulated time, with one listener, one route and a cluster (of one endpoint, unless
/// a test adds some), moved step by step by a test.  Endpoints are tried in their order.
class Stage final : proxy::Dialer, proxy::Balancer, proxy::Observer {
public:
    /// What a test changes before it hands it in.
    static config::Config config();

    /// With `turns` the test says where one begins and ends.
    explicit Stage(config::Config config = Stage::config(), bool turns = false);
    ~Stage();

    Stage(const Stage &) = delete;
    Stage &operator=(const Stage &) = delete;

    Wire &connect(std::string client_ip = "192.0.2.1");
    void send(Wire &wire, std::string_view bytes);
    /// The wire's end takes so many bytes of its queue.
    void take(Wire &wire, std::size_t bytes);
    void begin_turn() { proxy_->begin_turn(); }
    void end_turn();
    /// So many events of the poll were others'.
    void tell_others(std::uint64_t events) { proxy_->settle(now_, events); }
    void send_put_off(Wire &wire);
    /// Lets time pass; deadlines are met on the way.
    void run_for(Duration time);

    /// Connections to the endpoint, in the order of dialling.
    Wire &endpoint(std::size_t index) { return *dialled_.at(index); }
    std::size_t dials() const { return dialled_.size(); }
    /// Nobody answers the dials from now on.
    void black_hole() { answers_dials_ = false; }
    /// So many dials from now on are refused.
    void refuse(std::size_t dials) { refusals_ = dials; }
    /// That endpoint is known to be out from now on, and still the first one to be tried.
    void put_out(std::uint16_t endpoint) { out_ = endpoint; }
    /// The wire's end is gone.
    void reset(Wire &wire);

    /// What became of each exchange: "30.000 504 route_timeout", seconds since the start first,
    /// then
    /// ", " and the next.
    const std::string &outcomes() const { return outcomes_; }
    /// The same for each connection of a client or endpoint that the proxy gave up: "75.000".
    const std::string &closings() const { return closings_; }
    const stats::WorkerStats &stats() const { return *stats_; }
    const proxy::Runtime &runtime() const { return *runtime_; }

private:
    class End;

    std::unique_ptr<proxy::Transport> dial(proxy::EndpointId endpoint,
                                           proxy::TransportEvents &events) override;
    std::optional<Pick> pick(std::uint16_t cluster, std::uint64_t hash,
                             std::span<const std::uint16_t> tried, TimePoint now) override;
    std::uint64_t in_flight(std::uint16_t cluster) const override;
    bool is_out(proxy::EndpointId endpoint) const override { return endpoint.index == out_; }
    void on_endpoint_failure(const proxy::EndpointFailure &) override {}
    void on_exchange(const proxy::ExchangeRecord &record) override;

    /// Ends an event, and answers the dials that it made.
    void settle();
    /// Adds an entry, with the time, to a list.
    void note(std::string &list, std::string_view what) const;

    TimePoint start_{std::chrono::hours{1}};
    TimePoint now_{start_};
    std::unique_ptr<proxy::Runtime> runtime_;
    std::unique_ptr<stats::WorkerStats> stats_;
    std::vector<std::unique_ptr<Wire>> clients_;
    std::vector<std::unique_ptr<Wire>> dialled_;
    std::size_t dials_answered_ = 0;
    bool answers_dials_ = true;
    std::size_t refusals_ = 0;
    std::optional<std::uint16_t> out_;
    std::string outcomes_;
    std::string closings_;
    std::unique_ptr<proxy::Proxy> proxy_;
};

}  // namespace uvoy::sim
