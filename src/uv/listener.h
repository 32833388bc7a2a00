#pragma once

#include "base/delegate.h"
#include "uv/address.h"
#include "uv/fd.h"
#include "uv/timer.h"
#include "uv/watch.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace uvoy::uv {

class Loop;

/// A socket that listens on `address`.  Throws std::system_error with the address in its text.
///
/// TCP: one call for each worker, the kernel shares out the connections (SO_REUSEPORT); after a
/// first call with port 0 the others take local_address() of the first.  Accepted connections
/// inherit TCP_NODELAY.  IPv6 sockets leave IPv4 alone.  Unix: one call, then duplicate(); the file
/// of a dead listener is replaced, that of a living one is EADDRINUSE, and nobody removes the file
/// at the end, because it may be the next process's by then.  `mode`: the file's permissions,
/// whatever the umask is; nobody connects before it has them.
FileDescriptor listen_on(const SocketAddress &address, std::optional<mode_t> mode = std::nullopt);

/// The permissions of a unix socket's file.  0 or errno.
int set_mode(const SocketAddress &address, mode_t mode);

/// The same open socket once more.  Throws std::system_error.
FileDescriptor duplicate(const FileDescriptor &fd);

/// Accepts the connections of one listening socket on one loop.
class ListenSocket {
public:
    /// `fd` is a new connection, non-blocking and close-on-exec; the callee owns it.  It may call
    /// stop(), it must not destroy the ListenSocket.
    using OnAccept = Delegate<void(int fd, const sockaddr_storage &peer)>;

    /// Accepts from now on.
    ListenSocket(Loop &loop, FileDescriptor socket, OnAccept on_accept);

    ListenSocket(const ListenSocket &) = delete;
    ListenSocket &operator=(const ListenSocket &) = delete;

    /// Accepts all that wait in the kernel's queue.
    void drain_queue();
    /// Whether clients may begin a handshake.  Those that have begun one come in either way; the
    /// others see no answer and try again.  Of no effect on unix sockets.
    void admit_new(bool on);
    /// Drains the queue, then closes: the kernel resets what a closed SO_REUSEPORT socket still
    /// holds.  (Handshakes under way are lost unless net.ipv4.tcp_migrate_req is 1.)
    void stop();
    bool listening() const { return watch_.has_value(); }

    std::uint16_t port() const { return port_; }

private:
    enum class Accepted : std::uint8_t { one, none, exhausted };

    Accepted accept_one();
    void accept_some(unsigned limit);
    void on_ready(std::uint32_t events);
    void resume();
    void pause(int error);

    FileDescriptor socket_;
    std::optional<Watch> watch_;
    OnAccept on_accept_;
    Timer resume_;
    std::uint16_t port_;
    bool stopping_ = false;
};

}  // namespace uvoy::uv
