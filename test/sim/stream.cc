#include "stream.h"

#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace uvoy::sim {

/// What the core holds; it may destroy it at any time.
class CoreEnd final : public proxy::Transport {
public:
    explicit CoreEnd(std::shared_ptr<Stream> stream) : stream_{std::move(stream)} {}
    ~CoreEnd() override {
        const OutOfCore out;
        stream_->send_put_off();
        stream_->core_gone(false);
        stream_.reset();
    }
    // The core destroys it, but it is the simulator's.
    static void operator delete(void *memory) {
        const OutOfCore out;
        ::operator delete(memory);
    }

    void write(std::span<const proxy::Bytes> pieces) override {
        if (finished_ || reset_) std::abort();  // the port forbids it
        const OutOfCore out;
        for (const proxy::Bytes piece : pieces) stream_->write(piece);
    }
    bool congested() const override { return !stream_->queue_.empty(); }
    std::size_t queued() override {
        const OutOfCore out;
        stream_->send_put_off();
        return stream_->queue_.size();
    }
    std::size_t in_kernel() override {
        queued();
        return stream_->to_peer_.size();
    }
    bool has_input() const override { return stream_->arrived_ || !stream_->to_core_.empty(); }
    void pause_reading() override { stream_->reading_ = false; }
    void resume_reading() override {
        const OutOfCore out;
        stream_->reading_ = true;
        stream_->pump_to_core();
    }
    void finish() override {
        if (finished_) std::abort();
        const OutOfCore out;
        stream_->send_put_off();
        finished_ = stream_->core_finished_ = true;
        stream_->pump_to_peer();
    }
    void reset() override {
        const OutOfCore out;
        stream_->send_put_off();
        reset_ = true;
        stream_->core_gone(true);
    }

private:
    std::shared_ptr<Stream> stream_;
    bool finished_ = false;
    bool reset_ = false;
};

std::unique_ptr<proxy::Transport> Stream::make_transport() {
    return std::make_unique<CoreEnd>(shared_from_this());
}

Duration Stream::some_delay() {
    using std::chrono::microseconds;
    if (scheduler_.chance(2)) return microseconds{scheduler_.between(1'000, 200'000)};
    return microseconds{scheduler_.between(1, 300)};
}

void Stream::write(std::string_view bytes) {
    if (dead_) return;
    const bool may = queue_.empty() && bytes.size() <= longest_put_off &&
                     put_off_.size() + bytes.size() <= proxy::Transport::most_put_off;
    if (may && scheduler_.chance(50)) {
        put_off(bytes);
        return;
    }
    send_put_off();
    send_now(bytes);
}

void Stream::put_off(std::string_view bytes) {
    if (put_off_.empty()) {
        scheduler_.after({}, [self = shared_from_this()] {
            self->send_put_off();
            const bool tell = self->refused_ && !self->queue_.empty();
            self->refused_ = false;
            if (tell && !self->dead_ && !self->core_gone_)
                self->event_([&] { self->events_->on_congested(self->scheduler_.now()); });
        });
    }
    put_off_.append(bytes);
}

void Stream::send_put_off() {
    if (put_off_.empty()) return;
    send_now(std::exchange(put_off_, {}));
    refused_ = !queue_.empty();
}

void Stream::send_now(std::string_view bytes) {
    if (dead_) return;
    std::size_t taken = 0;
    if (queue_.empty())
        taken = std::min(bytes.size(), kernel_buffer - std::min(kernel_buffer, to_peer_.size()));
    to_peer_.append(bytes.substr(0, taken));
    queue_.append(bytes.substr(taken));
    pump_to_peer();
}

void Stream::pump_to_peer() {
    if (pumping_to_peer_ || dead_) return;
    pumping_to_peer_ = true;
    Duration delay = some_delay();
    if (stalled_until_ > scheduler_.now()) delay += stalled_until_ - scheduler_.now();
    scheduler_.after(delay, [self = shared_from_this()] { self->deliver_to_peer(); });
}

void Stream::deliver_to_peer() {
    pumping_to_peer_ = false;
    if (dead_) return;
    if (!to_peer_.empty()) {
        const auto limit = static_cast<std::uint32_t>(to_peer_.size());
        const std::size_t size = scheduler_.chance(50) ? limit : scheduler_.between(1, limit);
        const std::string piece = to_peer_.substr(0, size);
        to_peer_.erase(0, size);
        const std::size_t room = kernel_buffer - std::min(kernel_buffer, to_peer_.size());
        if (!queue_.empty() && room > 0) {
            to_peer_.append(queue_, 0, room);
            queue_.erase(0, room);
            if (queue_.empty() && !core_gone_)
                event_([&] { events_->on_drained(scheduler_.now()); });
        }
        scheduler_.trace(this, "from core", piece);
        if (peer_ != nullptr) peer_->on_bytes(piece);
        if (dead_) return;
    }
    if (!to_peer_.empty()) {
        pump_to_peer();
    } else if (core_finished_ && queue_.empty() && !end_delivered_) {
        end_delivered_ = true;
        if (peer_ != nullptr) peer_->on_end();
    }
}

void Stream::core_gone(bool reset) {
    if (core_gone_) return;
    core_gone_ = true;
    scheduler_.trace(this, reset ? "core resets" : "core closes", to_core_);
    if (dead_) return;
    // As the kernel does: close() with unread input resets, and queued bytes of ours are lost.
    if (reset || !to_core_.empty() || !queue_.empty()) {
        dead_ = true;
        if (peer_ != nullptr) {
            scheduler_.after(some_delay(), [self = shared_from_this()] {
                if (self->peer_ != nullptr) self->peer_->on_reset();
            });
        }
        return;
    }
    core_finished_ = true;
    pump_to_peer();
}

void Stream::send(std::string_view bytes) {
    if (dead_ || bytes.empty()) return;
    if (core_gone_) {  // bytes to a closed socket
        dead_ = true;
        scheduler_.after(some_delay(), [self = shared_from_this()] {
            if (self->peer_ != nullptr) self->peer_->on_reset();
        });
        return;
    }
    to_core_.append(bytes);
    pump_to_core();
}

bool Stream::send_if_quiet(std::string_view bytes) {
    if (dead_ || core_gone_ || core_finished_ || peer_finished_ || !reading_) return false;
    if (delivering_ || !to_core_.empty() || !to_peer_.empty() || queued() != 0) return false;
    arrived_ = true;
    in_turn_([self = shared_from_this(), bytes = std::string{bytes}] {
        self->arrived_ = false;
        if (self->dead_ || self->core_gone_) return;
        self->scheduler_.trace(self.get(), "unasked to core", bytes);
        self->event_([&] { self->events_->on_bytes(bytes, self->scheduler_.now()); });
    });
    return true;
}

void Stream::finish() {
    peer_finished_ = true;
    pump_to_core();
}

void Stream::reset() {
    if (dead_) return;
    dead_ = true;
    scheduler_.trace(this, "peer resets");
    peer_ = nullptr;
    scheduler_.after(some_delay(), [self = shared_from_this()] {
        if (!self->core_gone_)
            self->event_([&] { self->events_->on_broken(self->scheduler_.now()); });
    });
}

void Stream::pump_to_core() {
    if (pumping_to_core_ || dead_ || core_gone_ || !reading_) return;
    if (to_core_.empty() && !peer_finished_) return;
    pumping_to_core_ = true;
    scheduler_.after(some_delay(), [self = shared_from_this()] { self->deliver_to_core(); });
}

void Stream::deliver_to_core() {
    pumping_to_core_ = false;
    if (dead_ || core_gone_ || !reading_) return;
    if (!to_core_.empty()) {
        const auto limit =
            static_cast<std::uint32_t>(std::min<std::size_t>(to_core_.size(), 65'536));
        std::size_t size = scheduler_.chance(60) ? limit : scheduler_.between(1, limit);
        if (to_core_.size() - size <= glued_tail_) size = to_core_.size();
        const std::string piece = to_core_.substr(0, size);
        to_core_.erase(0, size);
        scheduler_.trace(this, "to core", piece);
        delivering_ = true;
        event_([&] { events_->on_bytes(piece, scheduler_.now()); });
        delivering_ = false;
        if (peer_ != nullptr && !dead_ && has_room()) peer_->on_room();
        pump_to_core();
    } else if (peer_finished_) {
        peer_finished_ = false;  // delivered once
        scheduler_.trace(this, "end to core");
        event_([&] { events_->on_end(scheduler_.now()); });
    }
}

}  // namespace uvoy::sim
