#pragma once

#include "base/random.h"
#include "base/timer_wheel.h"
#include "http/date.h"
#include "limit/claims.h"
#include "limit/shard.h"
#include "proxy/access_log_line.h"
#include "proxy/actor.h"
#include "proxy/failure.h"
#include "proxy/pool.h"
#include "proxy/ports.h"
#include "proxy/runtime.h"
#include "proxy/session.h"
#include "proxy/succession.h"
#include "route/forwarded.h"
#include "stats/worker_stats.h"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace uvoy::proxy {

class Exchange;
class UpstreamConnection;

/// Chooses endpoints: for real from an RCU-published snapshot.
class Balancer {
public:
    struct Pick {
        cluster::Endpoint *endpoint;  ///< entered: whoever gets it leaves it
        std::uint32_t in_flight;      ///< there before this request
    };
    /// `hash` is that of the request's hash key; `tried` are endpoints this request was at already.
    virtual std::optional<Pick> pick(std::uint16_t cluster, std::uint64_t hash,
                                     std::span<const std::uint16_t> tried, TimePoint now) = 0;
    /// Requests at all endpoints of the cluster.  For a retry only: it looks at each of them.
    virtual std::uint64_t in_flight(std::uint16_t cluster) const = 0;
    /// Whether the endpoint is known to be out, while enough others are well.
    virtual bool is_out(EndpointId endpoint) const = 0;

protected:
    ~Balancer() = default;
};

/// A try failed for what the endpoint did, or did not do.
struct EndpointFailure {
    EndpointId endpoint;
    Reason reason = Reason::none;
    TimePoint began{};  ///< when the endpoint was picked
    TimePoint at{};
};

/// Hears what happened.  Called within an event; must not call back into the core.
class Observer {
public:
    virtual void on_endpoint_failure(const EndpointFailure &failure) = 0;
    virtual void on_exchange(const ExchangeRecord &record) = 0;
    /// An exchange failed, or (`retried`) a try of one did and another try follows: then the
    /// status is what the endpoint answered, 0 = nothing.  Whether or not it is logged.
    virtual void on_failure(const ExchangeRecord &, const Failure &, bool /*retried*/) {}

protected:
    ~Observer() = default;
};

/// An answer that needs no endpoint.
struct LocalAnswer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

/// Makes an answer once the request's body is there.
struct AfterBody {
    std::function<LocalAnswer(std::string_view body)> answer;
    std::size_t most = 0;  ///< bytes of a body; more than that is refused with 413
};

using ServiceReply = std::variant<LocalAnswer, AfterBody>;

/// Answers all requests of a proxy that has no routes: the admin API.
class Service {
public:
    /// `path` and `query` are those of `head.target`; all of it is valid for this call only.
    virtual ServiceReply serve(const http::RequestHead &head, std::string_view path,
                               std::string_view query) = 0;

protected:
    ~Service() = default;
};

struct Ports {
    Dialer *dialer = nullptr;
    Balancer *balancer = nullptr;
    Observer *observer = nullptr;
    stats::WorkerStats *stats = nullptr;
    std::span<limit::Shard> limits{};  ///< one for each Config::rate_limits
    Service *service = nullptr;        ///< null: routes decide
    bool ends_turns = false;           ///< the driver calls Proxy::end_turn()
};

/// The core of one worker: all its sessions, exchanges and upstream connections.  Without sockets,
/// threads or clocks: a driver feeds it events and calls settle() after each of them, or once after
/// some.
class Proxy {
public:
    Proxy(const Runtime &runtime, const Ports &ports, std::uint64_t seed, TimePoint now);
    ~Proxy();

    Proxy(const Proxy &) = delete;
    Proxy &operator=(const Proxy &) = delete;

    // --- for the driver

    /// A client has connected.  The driver delivers the transport's events to what is returned, and
    /// calls settle() before the first of them.  `full`: the process has no room for it.  Whoever
    /// has to go is told so, but for those who come while `most_turned_away` are being told
    /// already.
    TransportEvents &accept(std::unique_ptr<Transport> transport, std::size_t listener,
                            std::string client_ip, TimePoint now, bool full = false);
    static constexpr std::size_t most_turned_away = 64;

    /// Ends the events since the last call: destroys what is done and notes deadlines.  `events` is
    /// how many the poll brought since then, for others too.
    void settle(TimePoint now, std::uint64_t events = 1);

    /// Events are going to be delivered that are there now: a turn.
    void begin_turn();
    /// All of them have been delivered: requests go out on connections that were idle.  Calls
    /// settle() itself.
    void end_turn(TimePoint now);
    /// Whether requests wait for end_turn().
    bool in_turn() const { return !reserved_.empty(); }
    std::uint64_t turn() const { return turn_; }
    /// Whether what is delivered up to the end of this turn was there when it began.  A poll brings
    /// a limited number of events and is repeated if there were as many (uv::Loop: 1,024): so not
    /// in a turn after many events, nor behind many.  Of the first such turn it is not true; then
    /// good answers are taken for old ones, and their requests sent twice.
    bool may_lend() const { return calm_ && events_ < calm_turn; }

    /// When to call on_deadline(); TimePoint::max() = never.  Not before settle().
    TimePoint deadline() const { return wheel_.next(); }
    /// Calls settle() itself.
    void on_deadline(TimePoint now);

    /// From now on every answer closes its connection, and connections that stay idle for
    /// `drain_grace` end: long enough that a request which is already on its way still arrives.
    void drain(TimePoint now);
    /// Takes drain() back.
    void resume(TimePoint now);
    static constexpr Duration drain_grace = std::chrono::milliseconds{500};

    /// Another configuration serves what is new: whoever is idle goes there at once, others between
    /// two exchanges, and the clients of listeners that are gone are drained.  settle() of
    /// `successor`, and its after-event settle() behind this one's, is up to the driver.  May be
    /// called again when the successor has got one itself.
    void retire(Proxy &successor, const Heirs &heirs, TimePoint now);
    /// Nobody is here: a retired one may be destroyed.
    bool empty() const { return actors_ == nullptr; }
    /// Whether settle() has anything to do.
    bool unsettled() const { return touched_ != nullptr || !retired_.empty(); }

    /// What `now` means in real time, for logs and Date.
    void set_wall_clock(TimePoint now, std::int64_t unix_milliseconds);

    std::size_t exchanges() const { return exchanges_; }
    /// Of clients, without those that are being turned away.
    std::size_t connections() const { return connections_ - turned_away_; }
    bool draining() const { return drain_since_.has_value(); }

    // --- for sessions, exchanges and upstream connections

    void touch(Actor &actor);
    void adopt(std::unique_ptr<Actor> actor);
    /// Gives an actor to `to`.
    void hand_over(Actor &actor, Proxy &to);
    std::unique_ptr<Exchange> start_exchange();
    /// Recycles it when the event is over: until then it may still be on the stack.
    void retire(std::unique_ptr<Exchange> exchange);

    void reserve(UpstreamConnection &connection) { reserved_.push_back(&connection); }
    void cancel_reservation(const UpstreamConnection &connection);

    void session_opened(std::size_t listener, const Session::Admission &admission);
    void session_closed(std::size_t listener, const Session::Admission &admission, Reason reason);
    /// An admitted session of `listener` becomes one of `heir` of `to`.
    void session_moved(std::size_t listener, Proxy &to, std::size_t heir,
                       Session::Admission &admission);

    const Runtime &runtime() const { return runtime_; }
    const Ports &ports() const { return ports_; }
    stats::WorkerStats &stats() const { return *ports_.stats; }
    Pool &pool(EndpointId id) { return *pools_[runtime_.endpoint_number(id)]; }
    std::uint32_t &pending(std::size_t cluster) { return pending_[cluster]; }
    Random &random() { return random_; }
    /// Since when the clients of a listener are to go.
    std::optional<TimePoint> drain_since(std::size_t listener) const {
        if (drain_since_ || !succession_) return drain_since_;
        return succession_->gone_since(listener);
    }
    std::int64_t unix_milliseconds(TimePoint now) const;
    /// IMF-fixdate of `now`, made once a second.
    std::string_view date(TimePoint now);

    /// Scratch of the event that is being handled: no allocation once they have grown.
    http::RequestHead request_head;
    http::ResponseHead response_head;
    http::Fields trailers;
    route::Forwarded forwarded;
    std::string path;
    std::vector<limit::Claim> claims;

private:
    Session::Admission admit(std::size_t listener, std::string_view client_ip, bool full);
    void touch_all();
    void link(Actor &actor);
    void unlink(Actor &actor);
    void destroy(Actor &actor);

    const Runtime &runtime_;
    Ports ports_;
    Random random_;
    TimerWheel wheel_;
    std::vector<std::unique_ptr<Pool>> pools_;  // by endpoint number
    std::vector<std::uint32_t> pending_;        // by cluster
    Actor *actors_ = nullptr;
    Actor *touched_ = nullptr;
    std::vector<UpstreamConnection *> reserved_;  // oldest first; null = taken out
    std::vector<UpstreamConnection *> ending_;    // those of the turn that ends
    static constexpr std::uint64_t calm_turn = 256;
    std::uint64_t turn_ = 1;
    std::uint64_t events_ = 0;  // of this turn
    bool calm_ = false;         // the last one had few
    std::vector<std::unique_ptr<Exchange>> spare_;
    std::vector<std::unique_ptr<Exchange>> retired_;
    std::size_t exchanges_ = 0;
    std::size_t connections_ = 0;
    std::size_t turned_away_ = 0;
    std::optional<TimePoint> drain_since_;
    std::optional<Succession> succession_;  // set: it is retired
    std::int64_t wall_offset_ = 0;          // unix milliseconds at the epoch of TimePoint
    std::int64_t date_second_ = -1;
    std::array<char, 29> date_{};
};

}  // namespace uvoy::proxy
