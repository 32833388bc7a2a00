#pragma once

#include "proxy/ports.h"
#include "scheduler.h"

#include <functional>
#include <memory>
#include <string>

namespace uvoy::sim {

/// The far end of a stream: a fake client or a fake endpoint.
class Peer {
public:
    virtual void on_bytes(std::string_view bytes) = 0;
    virtual void on_end() = 0;
    virtual void on_reset() = 0;
    /// There is room to send again.
    virtual void on_room() = 0;

protected:
    ~Peer() = default;
};

/// One simulated connection.  It cuts bytes at any place, delays them, keeps them back when a
/// buffer is full, and delivers the end of a stream after the bytes before it, as TCP does.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    /// `event` delivers something to the core and checks the invariants after it.
    using Event = std::function<void(const std::function<void()> &)>;

    /// Delivers within a turn of the core's what was there when it began.
    using InTurn = std::function<void(std::function<void()>)>;

    Stream(Scheduler &scheduler, Event event, Peer &peer, InTurn in_turn = {})
        : scheduler_{scheduler},
          event_{std::move(event)},
          in_turn_{std::move(in_turn)},
          peer_{&peer} {}

    // --- core's side
    std::unique_ptr<proxy::Transport> make_transport();
    void attach(proxy::TransportEvents &events) { events_ = &events; }

    /// The outcome of dialling; `deliver` calls the events, unless the core has lost interest.
    template <typename Deliver>
    void connected(Deliver deliver) {
        if (!core_gone_) event_([&] { deliver(*events_); });
    }

    // --- peer's side
    void send(std::string_view bytes);
    /// Delivers it within a turn, if nothing is under way in either direction; says whether.
    bool send_if_quiet(std::string_view bytes);
    void finish();
    void reset();
    /// The last `bytes` of what is sent from now on come in one piece with the byte before them.
    void glue_tail(std::size_t bytes) { glued_tail_ = bytes; }
    bool has_room() const { return to_core_.size() < 32 * 1024; }
    /// For so long the peer takes nothing.
    void stall(Duration time) { stalled_until_ = scheduler_.now() + time; }
    void forget_peer() { peer_ = nullptr; }
    bool open() const { return !dead_; }
    /// The core has closed it, as it sees it.
    bool left() const { return core_gone_ || core_finished_; }

    std::size_t queued() const { return queue_.size() + put_off_.size(); }

private:
    friend class CoreEnd;

    void write(std::string_view bytes);
    void put_off(std::string_view bytes);
    void send_put_off();
    void send_now(std::string_view bytes);
    void core_gone(bool reset);
    void pump_to_peer();
    void pump_to_core();
    void deliver_to_peer();
    void deliver_to_core();
    Duration some_delay();

    Scheduler &scheduler_;
    Event event_;
    InTurn in_turn_;
    Peer *peer_;
    proxy::TransportEvents *events_ = nullptr;
    std::string to_peer_;  // taken by the kernel
    std::string queue_;    // not yet
    std::string put_off_;  // nobody has tried to send it yet
    std::string to_core_;
    TimePoint stalled_until_{};
    std::size_t glued_tail_ = 0;
    bool refused_ = false;  // some of what was put off, which the core does not know yet
    bool arrived_ = false;  // what was sent if quiet, and is not delivered yet
    bool delivering_ = false;
    bool reading_ = true;
    bool pumping_to_peer_ = false;
    bool pumping_to_core_ = false;
    bool core_finished_ = false;
    bool core_gone_ = false;
    bool peer_finished_ = false;
    bool end_delivered_ = false;
    bool dead_ = false;  // reset by either side, or over on both

    static constexpr std::size_t kernel_buffer = 20'000;
    static constexpr std::size_t longest_put_off = 4'096;
};

}  // namespace uvoy::sim
