#pragma once

#include "uv/fd.h"
#include "uv/listener.h"
#include "uv/loop.h"

#include <cstddef>
#include <string>

namespace uvoy::server {

class ProxyDriver;

/// A listening socket that knows whom it serves: a listener of a driver, and that of another
/// configuration when a reload keeps its address.
class Door {
public:
    /// `address` is the configuration's text for it.
    Door(uv::Loop &loop, uv::FileDescriptor socket, std::string address, ProxyDriver &driver,
         std::size_t listener);

    const std::string &address() const { return address_; }

    /// From now on it belongs to this listener, also if it was closing.
    void move_to(ProxyDriver &driver, std::size_t listener);

    /// Its address is gone: nobody new is let in, and those whom the kernel has already answered
    /// are served.  stop() comes when they have had time to arrive.
    void close_slowly();
    bool closing() const { return closing_; }

    /// Takes those who wait, and closes.
    void stop() { socket_.stop(); }

private:
    void on_accept(int fd, const sockaddr_storage &peer);

    std::string address_;
    ProxyDriver *driver_;
    std::size_t listener_;
    bool closing_ = false;
    uv::ListenSocket socket_;
};

}  // namespace uvoy::server
