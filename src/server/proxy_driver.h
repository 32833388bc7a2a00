#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "proxy/proxy.h"
#include "server/accept_balance.h"
#include "uv/fd.h"
#include "uv/kernel_timer.h"
#include "uv/listener.h"
#include "uv/loop.h"
#include "uv/transport.h"
#include "uv/turns.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

class ConnectionBudget;
class Door;

/// Runs one proxy::Proxy on a loop: takes connections in, ends events, keeps its deadlines and its
/// clock.  Workers, the admin API and the endpoints of the demo are each one of these.
///
/// Made, used and destroyed on the loop's thread.  The owner makes settle(), or something that
/// calls it, the loop's after-event hook.
class ProxyDriver {
public:
    struct Settings {
        const proxy::Runtime &runtime;
        proxy::Ports ports;
        std::uint32_t generation = 0;        ///< that `runtime` is of
        std::uint64_t seed = 0;              ///< of the worker's random choices
        ConnectionBudget *budget = nullptr;  ///< of the process; null = no such limit
        Delegate<void()> on_settled{};       ///< called by settle(); may be empty
        /// True: somebody else has the connection that was accepted.  May be empty.
        Delegate<bool(AcceptBalance::Connection &)> hand_over{};
    };

    ProxyDriver(uv::Loop &loop, const Settings &settings);
    ~ProxyDriver();

    ProxyDriver(const ProxyDriver &) = delete;
    ProxyDriver &operator=(const ProxyDriver &) = delete;

    /// Accepts the connections of a listening socket.  `listener` is an index of the configuration,
    /// and `address` its text for where it listens.
    void listen(uv::FileDescriptor socket, std::size_t listener, std::string address = {});

    /// Serves a connection that was accepted here or elsewhere.
    void accept(AcceptBalance::Connection connection);

    /// From a door: serves the connection, unless others may have it and do.
    void on_accepted(AcceptBalance::Connection connection, bool may_go);

    // --- of workers, when another configuration takes the place of one

    std::uint32_t generation() const { return settings_.generation; }
    /// Takes the doors whose addresses this configuration has too; the others begin to close.
    void take_doors(ProxyDriver &former);
    /// What closes at this address does so.
    void close_doors(std::string_view address);
    /// `successor` serves what is new: proxy::Proxy::retire().
    void retire(ProxyDriver &successor, const proxy::Heirs &heirs, TimePoint now);
    /// Whether settle() has anything to do.
    bool unsettled() const { return proxy_.unsettled(); }
    /// Nobody is here, nor can come.
    bool empty() const { return proxy_.empty() && doors_.empty(); }

    /// Ends an event.
    void settle(TimePoint now);

    /// Drains the proxy, or takes that back; goes on accepting.
    void set_resting(bool resting, TimePoint now);
    /// Takes what waits in the accept queues, closes the listening sockets and drains the proxy.
    void drain(TimePoint now);

    std::size_t exchanges() const { return proxy_.exchanges(); }
    std::size_t connections() const { return proxy_.connections(); }
    /// drain() was called.
    bool draining() const { return draining_; }

private:
    void count_time();
    void on_timer();
    void on_turn_end();
    void arm();
    void update_clocks(TimePoint now);

    uv::Loop &loop_;
    Settings settings_;
    uv::KernelTimer timer_;
    uv::Turns turns_;
    TimePoint armed_ = TimePoint::max();
    TimePoint clocks_due_{};
    std::uint64_t thread_time_ = 0;  // nanoseconds of CPU already counted
    std::uint64_t events_ = 0;       // of the loop, that the proxy knows of
    std::size_t budgeted_ = 0;       // connections reported to the budget
    bool draining_ = false;
    bool retired_ = false;  // somebody else counts the thread's time
    proxy::Proxy proxy_;
    std::vector<std::unique_ptr<Door>> doors_;
};

}  // namespace uvoy::server
