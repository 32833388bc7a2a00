#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

/// What the core asks of the outside world, and what the outside world tells it.  uv/ and server/
/// implement these for real, test/sim/ under a seeded scheduler.
///
/// No method of a port calls back into the core before it returned.
namespace uvoy::proxy {

/// Bytes that live until the call that passed them returns.
using Bytes = std::string_view;

enum class ConnectError : std::uint8_t {
    refused,
    timed_out,
    failed,
    exhausted,  ///< of this process's own descriptors, ports or memory: says nothing of the peer
};

/// What a byte stream tells its owner.  After each of these calls, or some that belong
/// together, the driver calls Proxy::settle().
class TransportEvents {
public:
    /// An outgoing connection stands: bytes may be written from now on.
    virtual void on_connected(TimePoint now) = 0;
    /// It does not, and there will be no other event.
    virtual void on_connect_failed(ConnectError error, TimePoint now) = 0;
    virtual void on_bytes(Bytes bytes, TimePoint now) = 0;
    /// The peer will send no more; writing may still work, unless a reset came right behind.
    virtual void on_end(TimePoint now) = 0;
    /// The kernel refused some of what a write had put off: congested().
    virtual void on_congested(TimePoint now) = 0;
    /// What was queued has left: queued() is 0 again.  Only after a write that had to queue.
    virtual void on_drained(TimePoint now) = 0;
    /// The stream broke (reset, write error).  No further event.
    virtual void on_broken(TimePoint now) = 0;

protected:
    ~TransportEvents() = default;
};

/// One byte stream.  Destroying it closes it at once, queued bytes included (what was put off is
/// sent, as far as the kernel takes it); the events object gets no call from then on.
class Transport {
public:
    /// In bytes: what write() may put off of one stream.
    static constexpr std::size_t most_put_off = std::size_t{64} * 1024;

    virtual ~Transport() = default;

    /// Sends what the kernel takes, copies and queues the rest, in order.  It may put that off
    /// until a few more events have been told, and then no more than `most_put_off` bytes of one
    /// stream.  Failure comes as on_broken().  Not before on_connected(), not after finish().
    virtual void write(std::span<const Bytes> pieces) = 0;
    /// Whether the kernel has refused some.  Of what was put off it is not known yet:
    /// on_congested() will tell.
    virtual bool congested() const = 0;
    /// Bytes written but not yet taken by the kernel.  What was put off is sent first: so ask
    /// congested() after a write, and this where what is queued is about to be lost.
    virtual std::size_t queued() = 0;
    /// Bytes that the kernel has taken and the peer has not: tells a slow peer from a dead one.
    /// Costs a system call.
    virtual std::size_t in_kernel() = 0;
    /// Whether bytes, the end or an error wait to be read.  Costs a system call.
    virtual bool has_input() const = 0;
    /// No on_bytes() and no on_end() until resume_reading().  A stream starts out reading.
    virtual void pause_reading() = 0;
    virtual void resume_reading() = 0;
    /// Half-close: the peer sees the end of the stream once the queue has left.  At most once.
    virtual void finish() = 0;
    /// Reset instead of an orderly end, so that the peer cannot mistake a cut for a full message.
    /// What was put off is sent before it, what is queued is dropped.
    /// The only thing left to do with the transport is to destroy it.
    virtual void reset() = 0;
};

/// Names one endpoint of one cluster, by their places in the configuration.
struct EndpointId {
    std::uint16_t cluster = 0;
    std::uint16_t index = 0;  ///< within the cluster

    friend bool operator==(const EndpointId &, const EndpointId &) = default;
};

/// Opens connections to endpoints.
class Dialer {
public:
    /// Never null.  on_connected() or on_connect_failed() follows; there is no time-out inside.
    virtual std::unique_ptr<Transport> dial(EndpointId endpoint, TransportEvents &events) = 0;

protected:
    ~Dialer() = default;
};

}  // namespace uvoy::proxy
