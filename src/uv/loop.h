#pragma once

#include "base/delegate.h"
#include "base/time.h"
#include "uv/fd.h"
#include "uv/outbox.h"

#include <sys/epoll.h>
#include <uv.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace uvoy::uv {

class Turns;
class Watch;

/// The event loop of one thread.  Everything but the constructor belongs to that thread; other
/// threads reach it through an Async.
///
/// Descriptors wait in a Watch.  Timers, wake-ups, signals and processes are libuv's, whose loop is
/// embedded as uv_backend_fd() describes: its descriptor is one among the others, and it runs when
/// that is ready or a timer is due.
///
/// The process ignores SIGPIPE from the first loop on.
class Loop {
public:
    /// A body of 64 KiB and its head come in one piece.
    static constexpr std::size_t read_buffer_size = std::size_t{128} * 1024;

    Loop();
    /// Whoever made a handle must have closed it: one that is still open is a bug, which is logged
    /// by its type before the process aborts.
    ~Loop();

    Loop(const Loop &) = delete;
    Loop &operator=(const Loop &) = delete;

    /// Returns after stop(), or when nothing is left to wait for.
    void run();
    /// One turn: waits for one batch of events, or for none of them if `wait` is false.
    void run_once(bool wait = true);
    void stop() { stopped_ = true; }

    /// Monotonic and fresh: libuv's own clock has milliseconds and the age of the turn.
    static TimePoint now() { return std::chrono::steady_clock::now(); }

    /// Where all streams of this loop receive.  Valid for one callback.
    std::span<char> read_buffer() { return {buffer_.get(), read_buffer_size}; }

    /// Where transports put off what they write.
    Outbox &outbox() { return outbox_; }

    /// The time of the event that is being told.  For events that are told together, of which the
    /// kernel has told at once, it is read once, and again behind took_long().
    TimePoint time() {
        if (!together_) return now();
        if (time_ == TimePoint{}) time_ = now();
        return time_;
    }
    /// Bytes were sent, or connections accepted.
    void took_long() { time_ = {}; }

    /// `hook` runs after every event that a transport delivered, or once after some that are told
    /// together; it may destroy any transport.
    void set_after_event(Delegate<void(TimePoint)> hook) { hook_ = hook; }
    void after_event(TimePoint now) {
        ++events_;
        if (together_) hook_due_ = true;
        else if (hook_) hook_(now);
    }

    /// The hook comes now if events wait for it: for who looks at what it changes.
    void call_due_hook() {
        if (std::exchange(hook_due_, false) && hook_) hook_(time());
    }
    /// How many events transports have delivered.
    std::uint64_t events() const { return events_; }

    /// Odd within a callback of an event, a timer or a wake-up, even between two, and never the
    /// same number again.  For any thread: who sees that a number has gone sees all that was done
    /// under it.
    std::uint64_t callbacks() const { return callbacks_.load(std::memory_order_acquire); }

    /// One lives in each such callback, which may destroy its handle but not the loop.
    class Callback {
    public:
        explicit Callback(Loop &loop)
            : callbacks_{loop.callbacks_}, outer_{callbacks_.load(std::memory_order_relaxed)} {
            callbacks_.store(outer_ | 1, std::memory_order_relaxed);
        }
        explicit Callback(const uv_loop_t *loop) : Callback{*static_cast<Loop *>(loop->data)} {}
        ~Callback() {
            if (outer_ % 2 == 0) callbacks_.store(outer_ + 2, std::memory_order_release);
        }

        Callback(const Callback &) = delete;
        Callback &operator=(const Callback &) = delete;

    private:
        std::atomic<std::uint64_t> &callbacks_;
        std::uint64_t outer_;
    };

    /// For those who begin something with libuv now.
    uv_loop_t &raw() {
        libuv_due_ = true;  // it tells the kernel of new descriptors when it runs
        return loop_;
    }
    /// libuv has a timer or a handle to close.
    void touch() { libuv_waits_ = true; }

private:
    friend class Turns;
    friend class Watch;

    // --- for Watch

    static std::uint64_t token(int fd, std::uint32_t serial) {
        return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(fd);
    }
    std::uint32_t enter(Watch &watch, int fd);
    void leave(int fd);
    int poller() const { return poller_.get(); }
    void count_waiting(int change) { waiting_ += change; }

    // --- for Turns

    void enter(Turns &turns) { turns_.push_back(&turns); }
    void leave(Turns &turns);
    void hurry() { hurried_ = true; }

    void turn(bool wait);
    std::size_t poll(int milliseconds);
    void tell_together(std::span<const epoll_event> events);
    void tell(const epoll_event &event);
    void run_libuv();
    bool alive() const { return waiting_ > 0 || uv_loop_alive(&loop_) != 0; }
    int timeout();
    template <auto tell>
    void tell_turns();

    uv_loop_t loop_;
    FileDescriptor poller_;
    std::vector<Watch *> watches_;  ///< by descriptor; null where nobody watches it
    std::vector<Turns *> turns_;    ///< null: has gone within a turn
    std::uint32_t serial_ = 0;
    int waiting_ = 0;           ///< watches that want something
    bool libuv_due_ = true;     ///< it runs before the loop waits
    bool libuv_waits_ = false;  ///< for a time; else it needs no asking
    bool hurried_ = false;
    bool together_ = false;  ///< several events are being told
    bool hook_due_ = false;  ///< for one of them
    TimePoint time_{};       ///< of them, once somebody asked
    std::uint64_t events_ = 0;
    bool stopped_ = false;
    std::unique_ptr<char[]> buffer_;
    Outbox outbox_;
    Delegate<void(TimePoint)> hook_;
    std::atomic<std::uint64_t> callbacks_{0};
};

}  // namespace uvoy::uv
