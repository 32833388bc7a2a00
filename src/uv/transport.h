#pragma once

#include "base/time.h"
#include "proxy/ports.h"
#include "uv/address.h"
#include "uv/fd.h"
#include "uv/watch.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace uvoy::uv {

class Loop;
class Timer;

/// A TCP or unix stream on a loop.  After every event it calls Loop::after_event(), whose
/// hook may destroy the transport.  An idle one holds no buffer: 88 bytes.
class StreamTransport final : public proxy::Transport {
public:
    /// Takes over an accepted, non-blocking connection.  No event before start().
    static std::unique_ptr<StreamTransport> adopt(Loop &loop, int fd);

    /// Opens a connection.  Every failure comes as on_connect_failed(), later.  Reading begins
    /// with on_connected().
    static std::unique_ptr<StreamTransport> connect(Loop &loop, const SocketAddress &address,
                                                    proxy::TransportEvents &events);

    ~StreamTransport() override;

    StreamTransport(const StreamTransport &) = delete;
    StreamTransport &operator=(const StreamTransport &) = delete;

    /// For adopted ones, once: events go to `events`, reading begins.
    void start(proxy::TransportEvents &events);

    void write(std::span<const proxy::Bytes> pieces) override;
    bool congested() const override { return queue_ != nullptr; }
    std::size_t queued() override;
    std::size_t in_kernel() override;
    bool has_input() const override;
    void pause_reading() override;
    void resume_reading() override;
    void finish() override;
    /// Unix sockets know no reset: their peer sees an end.
    void reset() override;

private:
    friend class Outbox;

    struct Queue;

    StreamTransport(Loop &loop, FileDescriptor socket);

    void on_ready(std::uint32_t events);
    void on_connect_result();
    void receive();
    bool flush();
    void send_put_off(proxy::Bytes bytes);
    void send_what_was_put_off();
    void tell_congested();
    bool write_broke();
    void on_later();

    bool reading() const { return open_ && !paused_ && !ended_ && !over_; }
    void update_wants();
    void enqueue(std::span<const proxy::Bytes> pieces, std::size_t skip);
    void tell_later();
    void close();

    void report_connect_failed(int error);
    void report_broken();
    template <auto event, typename... Args>
    void deliver(Args... args);

    FileDescriptor socket_;
    int connect_error_ = 0;  ///< an errno that `later_` reports; 0: the stream broke
    bool open_ = false;      ///< connected and attached to events
    bool paused_ = false;    ///< the owner wants to hear nothing
    bool ended_ = false;     ///< the peer will send no more
    bool write_failed_ = false;
    bool finishing_ = false;
    bool over_ = false;         ///< no further event
    std::uint8_t put_off_ = 0;  ///< writes in the loop's outbox
    Watch watch_;
    proxy::TransportEvents *events_ = nullptr;
    std::unique_ptr<Queue> queue_;  ///< null: nothing is left to send
    std::unique_ptr<Timer> later_;  ///< for an event that must not come synchronously
};

}  // namespace uvoy::uv
