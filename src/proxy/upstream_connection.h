#pragma once

#include "base/reason.h"
#include "http/body.h"
#include "http/head.h"
#include "proxy/actor.h"
#include "proxy/gather.h"

#include <memory>
#include <string>

namespace uvoy::proxy {

class Exchange;
class Pool;
class Proxy;

/// A connection to an endpoint: reads responses and hands them to the exchange it carries.
class UpstreamConnection final : public Actor {
public:
    UpstreamConnection(Proxy &proxy, Pool &pool, TimePoint now);
    ~UpstreamConnection() override;

    /// Dials; separate from construction because the dialler wants the finished object.
    void open(TimePoint now);

    // --- from the pool

    /// Carries this exchange from now on.
    void assign(Exchange &exchange, TimePoint now);
    /// Waits in the pool from now on.
    void rest(TimePoint now);
    /// Idle, and kept for this exchange: Proxy::end_turn() hands it over, of the next turn if it
    /// became idle in this one, unless it ends before (Exchange::on_reservation_lost()).
    void reserve(Exchange &exchange);
    void cancel_reservation();
    /// Idle, and assign() follows in this turn: what comes in it is older than the request.
    void lend();
    bool rested_before_turn() const;
    /// Idle, and not to be used any more.
    void drop(TimePoint now) { close(now); }

    // --- from the proxy

    void end_reservation(TimePoint now);

    // --- from the exchange

    Transport &transport() { return *transport_; }
    /// The exchange ended well: back to the pool, unless this connection cannot carry another one.
    void release(bool reusable, TimePoint now);
    /// The exchange gave up: whatever the endpoint is doing, it must not take the request for
    /// complete.
    [[gnu::cold]] void abandon(TimePoint now);
    /// The exchange does not want the response whose head has come: reads it to its end, if that is
    /// near, for the connection to be `reusable`.
    [[gnu::cold]] void discard(bool reusable, TimePoint now);
    /// The tunnel is over on both sides: closes when the endpoint has all bytes.
    [[gnu::cold]] void end_tunnel(TimePoint now);
    void pause(bool paused);
    bool paused() const { return paused_; }
    /// Whether it has carried an exchange before this one.
    bool reused() const { return served_ > 1; }
    /// Of the endpoint that it was made to.
    std::uint32_t generation() const { return generation_; }
    /// How long it took to connect.
    Duration connect_time() const { return connect_time_; }

    // --- TransportEvents
    void on_connected(TimePoint now) override;
    [[gnu::cold]] void on_connect_failed(ConnectError error, TimePoint now) override;
    void on_bytes(Bytes bytes, TimePoint now) override;
    void on_end(TimePoint now) override;
    void on_congested(TimePoint) override {}
    void on_drained(TimePoint now) override;
    void on_broken(TimePoint now) override;

    // --- Actor
    TimePoint settle(TimePoint) override { return state_ == State::closed ? done : deadline(); }
    [[gnu::cold]] void on_deadline(TimePoint now) override;
    [[gnu::cold]] bool follow(const Succession &succession, TimePoint now) override;

private:
    enum class State : std::uint8_t {
        connecting,
        idle,
        busy,
        discarding,  ///< reads the rest of a response that nobody wants
        leaving,     ///< half-closed; what is queued still goes out
        closed
    };

    void read_response(Bytes bytes, Gather &out, TimePoint now);
    /// True if there may be more to read in `bytes`.
    bool read_head(Bytes &bytes, Gather &out, TimePoint now);
    /// Parses a head that may be in pieces, or bad.  Its length; 0: it is not whole, or has failed.
    [[gnu::cold]] std::size_t judge_head(Bytes bytes, TimePoint now);
    bool read_body(Bytes &bytes, Gather &out, TimePoint now);
    [[gnu::cold]] void discard_body(Bytes bytes, TimePoint now);
    void return_to_pool(TimePoint now);
    void end_response(bool extra_bytes, Gather &out, TimePoint now);
    [[gnu::cold]] void fail(Reason reason, TimePoint now);
    /// What the endpoint sends is no response.
    [[gnu::cold]] void refuse_response(Reason reason, Gather &out, TimePoint now);
    [[gnu::cold]] void fail_connect(Reason reason, TimePoint now);
    void close(TimePoint now);
    /// True if what has come is no answer to the request, which goes elsewhere.
    bool take_back(TimePoint now);
    TimePoint deadline() const;
    [[gnu::cold]] Reason lost_reason() const;

    Proxy *proxy_;
    Pool *pool_;
    std::unique_ptr<Transport> transport_;
    Exchange *exchange_ = nullptr;
    Exchange *reserved_for_ = nullptr;
    TimePoint since_;              // of all states but busy
    std::uint64_t rested_in_ = 0;  // the turn in which it became idle
    std::uint64_t lent_in_ = 0;    // 0: in none
    Duration connect_time_{};
    http::HeadScanner scanner_;
    http::BodyDecoder body_;
    std::string held_;  // part of a response head
    std::uint32_t generation_;
    std::uint32_t served_ = 0;
    std::uint32_t interim_ = 0;  // 1xx responses to this request
    std::size_t discarded_ = 0;
    State state_ = State::connecting;
    bool head_read_ = false;
    bool any_byte_ = false;
    bool keeps_alive_ = true;
    bool tunnel_ = false;
    bool paused_ = false;
};

}  // namespace uvoy::proxy
