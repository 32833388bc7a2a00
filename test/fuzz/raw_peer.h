#pragma once

#include "../sim/stream.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace uvoy::fuzz {

/// The far end of a connection in the hands of a script, which may ask for things that no longer
/// make sense: what a socket would refuse does nothing here.
class RawPeer : public sim::Peer {
public:
    RawPeer() = default;
    virtual ~RawPeer() {
        if (stream_ != nullptr) stream_->forget_peer();
    }

    RawPeer(const RawPeer &) = delete;
    RawPeer &operator=(const RawPeer &) = delete;

    /// `open`: it stands; else only after opened().
    void attach(std::shared_ptr<sim::Stream> stream, bool open) {
        stream_ = std::move(stream);
        open_ = sending_ = open;
    }
    bool attached() const { return stream_ != nullptr; }
    void opened() { open_ = sending_ = true; }

    virtual void send(std::string_view bytes) {
        if (sending_) stream_->send(bytes);
    }
    void finish() {
        if (std::exchange(sending_, false)) stream_->finish();
    }
    void reset() {
        sending_ = false;
        if (std::exchange(open_, false)) stream_->reset();
    }
    void stall(Duration time) {
        if (open_) stream_->stall(time);
    }

    void on_end() override {}
    void on_reset() override { open_ = sending_ = false; }
    void on_room() override {}

private:
    std::shared_ptr<sim::Stream> stream_;
    bool open_ = false;
    bool sending_ = false;  // not half-closed by us
};

}  // namespace uvoy::fuzz
