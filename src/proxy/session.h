#pragma once

#include "http/head.h"
#include "proxy/actor.h"
#include "proxy/failure.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace uvoy::proxy {

class Exchange;
class Proxy;

/// A client's connection: reads request heads, runs one exchange after the other, keeps what the
/// client sends ahead of its turn, and ends in good order.
class Session final : public Actor {
public:
    /// How a client was received.
    struct Admission {
        Reason refusal = Reason::none;              ///< it is told why, and has to go
        bool answered = true;                       ///< else it has to go without a word
        bool trusted = false;                       ///< its X-Forwarded-* are believed
        std::optional<std::uint64_t> counted_as{};  ///< in Runtime::client_connections()
    };

    Session(Proxy &proxy, std::unique_ptr<Transport> transport, std::size_t listener,
            std::string client_ip, const Admission &admission, TimePoint now);
    ~Session() override;

    // --- from the exchange

    Transport &transport() { return *transport_; }
    std::size_t listener() const { return listener_; }
    /// Address of the peer.
    std::string_view client_ip() const { return client_ip_; }
    bool trusted() const { return admission_.trusted; }
    /// Whether uvoy itself would keep the connection open after the answer to this request.
    bool may_persist() const;
    /// Bytes were written: watches that the client takes them.
    void wrote(std::size_t bytes, TimePoint now);
    enum class Pause : std::uint8_t { back_pressure = 1, connecting = 2, pipelined = 4 };
    void pause(Pause why, bool on);
    bool paused() const { return paused_ != 0; }
    /// What the client sent ahead: a tunnel's first bytes.
    [[gnu::cold]] std::string take_held();
    /// The client sees the end of the stream after what was written.
    void finish_output();
    bool client_ended() const { return client_ended_; }

    enum class After : std::uint8_t {
        persist,  ///< read the next request
        close,    ///< end in good order
        linger,   ///< the same, but the client may still be sending
        abort,    ///< cut: the client must see that its response is not whole
    };
    /// The exchange is over.
    void exchange_over(After after, Reason reason, TimePoint now);

    // --- TransportEvents
    void on_connected(TimePoint) override {}
    void on_connect_failed(ConnectError, TimePoint) override {}
    void on_bytes(Bytes bytes, TimePoint now) override;
    void on_end(TimePoint now) override;
    void on_congested(TimePoint now) override;
    void on_drained(TimePoint now) override;
    void on_broken(TimePoint now) override;

    // --- Actor
    TimePoint settle(TimePoint now) override;
    [[gnu::cold]] void on_deadline(TimePoint now) override;
    [[gnu::cold]] bool follow(const Succession &succession, TimePoint now) override;

private:
    enum class State : std::uint8_t {
        open,
        lingering,  ///< all is said; lets the bytes leave and the client notice
        closed,
    };

    /// Starts exchanges with the heads in `input`; returns how many bytes it used.
    std::size_t consume(Bytes input, TimePoint now);
    void begin_exchange();
    /// With the head that was parsed; returns how much of `rest` it took.
    std::size_t start_exchange(std::size_t head_bytes, Bytes rest, TimePoint now);
    [[gnu::cold]] void turn_away(TimePoint now);
    void linger(TimePoint now);
    bool read_head(Bytes &input, std::size_t &used, TimePoint now);
    /// What an event left to do: the next request may be there already, or the client has to go.
    void go_on(TimePoint now);
    void advance_held(TimePoint now);
    void hold(Bytes bytes);
    /// The client does not take its answers: no new exchange until it does.
    bool blocked() const;
    /// Starts timeouts.write if the kernel refused something and it does not run yet.
    void watch_output(TimePoint now);
    /// Nothing would be lost by closing; if something would, timeouts.write runs.
    bool has_sent_all(TimePoint now);
    /// `input`: what there is of the head.
    [[gnu::cold]] void refuse(http::HeadError error, Bytes input, TimePoint now);
    void close(Reason reason, TimePoint now);
    [[gnu::cold]] bool check_write_progress(TimePoint now);
    TimePoint deadline() const;
    TimePoint idle_deadline() const;

    /// Without a byte from the client, and at most in all.
    static constexpr Duration linger_time = std::chrono::seconds{2};
    static constexpr Duration longest_linger = std::chrono::seconds{10};

    Proxy *proxy_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<Exchange> exchange_;  // null between requests
    std::string client_ip_;
    std::string held_;  // part of a head, or what was sent ahead
    http::HeadScanner scanner_;
    TimePoint last_active_;
    TimePoint head_started_{};
    TimePoint linger_until_ = TimePoint::max();
    TimePoint linger_end_ = TimePoint::max();
    TimePoint write_due_ = TimePoint::max();
    std::uint64_t written_ = 0;
    std::uint64_t left_at_mark_ = 0;  // bytes that had left when write_due_ was set
    std::uint32_t listener_;
    std::uint32_t requests_ = 0;
    Admission admission_;
    Reason close_reason_ = Reason::none;
    State state_ = State::open;
    std::uint8_t paused_ = 0;
    bool client_ended_ = false;
    bool resume_ = false;        // held_ waits to be read
    bool linger_input_ = false;  // the client may still be sending
    bool finished_ = false;      // finish() was called
};

}  // namespace uvoy::proxy
