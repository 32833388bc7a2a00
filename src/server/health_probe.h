#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "config/config.h"
#include "http/head.h"
#include "proxy/ports.h"
#include "uv/address.h"
#include "uv/loop.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace uvoy::server {

/// One health check under way: connects and, for HTTP, asks and reads the head of the answer.  It
/// has no clock: its owner calls expire().  It must not be destroyed inside on_concluded.
///
/// A check that would only connect may *ping* as well, for a process that is stopped or hangs still
/// takes connections: it asks `OPTIONS *` (RFC 9110, 9.3.7), and whatever comes of that but silence
/// is good.
class HealthProbe final : private proxy::TransportEvents {
public:
    /// "" = passed, else a word or two for the operator, e.g. "connect_refused" or "status 503".
    struct Result {
        std::string failure;
        bool connect_failed = false;  ///< the address did not even take the connection
        bool silence = false;         ///< nothing came over the network, not even a refusal
        bool conclusive = true;       ///< false: this process could not even ask

        bool passed() const { return failure.empty(); }
    };

    enum class Ping : bool { no, yes };

    /// `host` is the Host header of what it asks.  `on_concluded` is called once, when result() is
    /// set by an event of the connection.
    HealthProbe(uv::Loop &loop, const uv::SocketAddress &address, const config::HealthCheck &check,
                std::string_view host, Ping ping, Delegate<void()> on_concluded);
    ~HealthProbe();

    HealthProbe(const HealthProbe &) = delete;
    HealthProbe &operator=(const HealthProbe &) = delete;

    const std::optional<Result> &result() const { return result_; }

    /// It tells whether somebody answers, not only whether a connection is taken.
    bool asks() const { return !request_.empty(); }

    /// Its time is over: sets result() to a failure.  Not once there is a result.
    void expire();

private:
    void on_connected(TimePoint now) override;
    void on_connect_failed(proxy::ConnectError error, TimePoint now) override;
    void on_bytes(proxy::Bytes bytes, TimePoint now) override;
    void on_end(TimePoint now) override;
    void on_congested(TimePoint) override {}
    void on_drained(TimePoint) override {}
    void on_broken(TimePoint now) override;

    void read_heads();
    void judge(int status);
    bool pings() const { return asks() && check_.type != config::HealthCheck::Type::http; }
    void conclude(std::string failure, bool connect_failed = false);
    void conclude(Result result);

    const config::HealthCheck &check_;
    std::string request_;  // empty: it only connects
    Delegate<void()> on_concluded_;
    std::string answer_;  // what came of it so far
    http::HeadScanner scanner_;
    bool connected_ = false;
    std::optional<Result> result_;
    std::unique_ptr<proxy::Transport> transport_;
};

}  // namespace uvoy::server
