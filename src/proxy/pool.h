#pragma once

#include "base/reason.h"
#include "proxy/ports.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace uvoy::proxy {

class Exchange;
class Proxy;
class UpstreamConnection;

/// One worker's connections to one endpoint.  Idle ones are taken last-in first-out, so that few
/// stay busy and the rest grow old and close.  When the endpoint's place is given to another one,
/// the connections to the former one end without having carried a request of the new one.
class Pool {
public:
    Pool(Proxy &proxy, EndpointId endpoint) : proxy_{proxy}, endpoint_{endpoint} {}

    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;

    enum class Outcome : std::uint8_t {
        ready,     ///< `connection` is the exchange's own
        reserved,  ///< `connection` is kept for it until the end of a turn
        waiting,   ///< Exchange::on_connection() or on_no_connection() follows
        full,      ///< more requests wait than the cluster allows
    };
    struct Acquired {
        Outcome outcome;
        UpstreamConnection *connection = nullptr;
        bool dialled = false;  ///< a connection is being made for it
    };
    /// An idle connection may have received what nobody has read yet: an answer to nothing, which
    /// would pass for the answer to this request, or the end.  What to do about that:
    enum class Care : std::uint8_t {
        wait,  ///< the connection is used only when all that had come by then has been delivered
        lend,  ///< it is used, if it became idle in an earlier turn, but what the rest of this one
               ///< delivers had come before: then the request goes to another connection, too
        ask,   ///< the kernel knows; for a request whose body is in the read buffer
    };
    /// `generation` is that of the exchange's endpoint.
    Acquired acquire(Exchange &exchange, std::uint32_t generation, Care care, TimePoint now);

    /// The exchange waits no longer.
    void forget(Exchange &exchange);
    void forget_reservation(UpstreamConnection &connection, TimePoint now);

    // --- from UpstreamConnection

    void connected(UpstreamConnection &connection, TimePoint now);
    /// Its exchange is over and it may carry another one.
    void ready(UpstreamConnection &connection, TimePoint now);
    [[gnu::cold]] void connect_failed(Reason reason, TimePoint now);
    /// It is closed and was counted before as connecting, idle or busy.
    void closed(UpstreamConnection &connection, bool was_idle, TimePoint now);

    /// Whether an idle connection of another pool would be one to the endpoint of this one.
    bool admits(const UpstreamConnection &connection) const;
    void adopt(UpstreamConnection &connection, TimePoint now);

    EndpointId endpoint() const { return endpoint_; }
    /// Of the endpoint that new connections go to.
    std::uint32_t generation() const { return generation_; }
    std::size_t idle() const { return idle_.size(); }
    std::size_t total() const { return total_; }
    std::size_t waiting() const { return waiting_.size(); }

private:
    /// It is idle: for whoever waits, or for later.
    void offer(UpstreamConnection &connection, TimePoint now);
    UpstreamConnection *take_for_loan();
    void dial(TimePoint now);
    Exchange *take_waiter();
    [[gnu::cold]] void give_up_youngest(Reason reason, TimePoint now);
    bool may_dial() const;
    void turn_to(std::uint32_t generation, TimePoint now);

    Proxy &proxy_;
    EndpointId endpoint_;
    std::uint32_t generation_ = 0;
    std::vector<UpstreamConnection *> idle_;
    std::deque<Exchange *> waiting_;  // oldest first
    std::size_t connecting_ = 0;
    std::size_t total_ = 0;  // connecting, idle and busy
};

}  // namespace uvoy::proxy
