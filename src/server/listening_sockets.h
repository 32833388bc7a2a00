#pragma once

#include "config/config.h"
#include "uv/fd.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace uvoy::server {

/// A listening socket and the listener it belongs to.
struct BoundSocket {
    std::size_t listener = 0;  ///< index into Config::listeners
    uv::FileDescriptor fd;
    std::string address{};  ///< as the configuration has it
};

/// Sockets for one address, `copies` for each IP address that it stands for, or more if more were
/// inherited: what the kernel has queued at a socket must be accepted there.  Throws StartError
/// with `pointer`, also when another process listens there: SO_REUSEPORT alone would share the
/// port with another uvoy in silence.
/// Of sockets with a name, `copies` descriptors each: one of several threads that poll it gets the
/// connection.  `mode`: of a socket file; none: as it is.
std::vector<uv::FileDescriptor> listen_at(const config::Address &address, std::size_t copies,
                                          const std::string &pointer,
                                          std::optional<std::uint32_t> mode = std::nullopt);

/// For each worker the sockets it accepts from.  Without those of the addresses in `open`, where
/// this process listens already.
std::vector<std::vector<BoundSocket>> listen_for_workers(
    const std::vector<config::Listener> &listeners, std::size_t workers,
    const std::set<std::string> &open = {});

/// Gives a socket file that is open these permissions; of other addresses nothing.
void set_mode(const config::Address &address, std::uint32_t mode);

/// Gives the socket files of listeners that are open the permissions that they should have.
void set_modes(const std::vector<config::Listener> &listeners);

}  // namespace uvoy::server
