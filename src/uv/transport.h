#pragma once

#include "base/time.h"
#include "proxy/ports.h"
#include "uv/address.h"
#include "uv/handle.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace uvoy::uv {

class Loop;
class Timer;

/// What a descriptor is, so that nobody has to ask the kernel.
enum class SocketKind : std::uint8_t { tcp, unix_domain };

/// A TCP or unix stream on a loop.  After every event it calls Loop::after_event(), which may
/// destroy the transport.  An idle one holds no buffer: 64 bytes, and libuv's 248 (264 for unix).
class StreamTransport final : public proxy::Transport {
public:
    /// Takes over an accepted, non-blocking connection.  No event before start().
    static std::unique_ptr<StreamTransport> adopt(Loop &loop, int fd, SocketKind kind);

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
    std::size_t queued() const override;
    std::size_t in_kernel() const override;
    bool has_input() const override;
    void pause_reading() override;
    void resume_reading() override;
    void finish() override;
    /// Unix sockets know no reset: their peer sees an end.
    void reset() override;

private:
    struct Queue;
    struct CloseStream {
        void operator()(uv_stream_t *stream) const;
    };
    using Stream = std::unique_ptr<uv_stream_t, CloseStream>;

    StreamTransport(Loop &loop, SocketKind kind);

    void dial(const SocketAddress &address);
    void connected(int status);
    void received(ssize_t size, const char *data);
    void written(std::unique_ptr<Queue> queue, int status);
    void write_broke();
    void expired();

    void update_reading();
    void enqueue(std::span<const proxy::Bytes> pieces, std::size_t skip);
    void send(std::unique_ptr<Queue> queue);
    void shut_down();

    void report_connect_failed(int status);
    void report_broken();
    template <auto event, typename... Args>
    void deliver(Args... args);

    Loop &loop_;
    proxy::TransportEvents *events_ = nullptr;
    Stream stream_;
    Queue *queue_ = nullptr;  ///< owned by its uv_write request; null when nothing is on its way
    std::unique_ptr<Timer> later_;  ///< for an event that must not come synchronously
    int status_ = 0;                ///< libuv's word for the connect error that `later_` reports
    bool open_ = false;             ///< connected and attached to events
    bool paused_ = false;
    bool reading_ = false;  ///< libuv reads
    bool ended_ = false;    ///< the peer will send no more
    bool write_failed_ = false;
    bool finishing_ = false;
    bool drain_due_ = false;  ///< a write left something queued
    bool over_ = false;       ///< no further event
};

}  // namespace uvoy::uv
