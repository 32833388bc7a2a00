#pragma once

#include "uv/address.h"
#include "uv/fd.h"

#include <string>
#include <vector>

namespace uvoy::server {

// Listening sockets that are older than this process: of a predecessor whose place it takes, or
// kept or opened by systemd.  What the kernel has queued at them is answered here.  They belong to
// the process, like its environment; for the control loop's thread only.

/// Adds what is a listening socket, and closes what is none.  `name` is what systemd calls it; may
/// be empty.
void inherit(uv::FileDescriptor socket, std::string name = {});

/// Those that are bound to `address`; whoever gets them owns them.
std::vector<uv::FileDescriptor> take_inherited(const uv::SocketAddress &address);

/// Closes those that nobody has taken, and says how systemd calls them.
std::vector<std::string> drop_inherited();

/// Another descriptor for each socket at which this process listens, whatever thread does it.
std::vector<uv::FileDescriptor> all_listening_sockets();

}  // namespace uvoy::server
