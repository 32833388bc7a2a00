#pragma once

#include "uv/address.h"
#include "uv/fd.h"

#include <string>
#include <string_view>
#include <vector>

namespace uvoy::server {

// Listening sockets that are older than this process: of a predecessor whose place it takes, or
// kept or opened by systemd.  What the kernel has queued at them is answered here.  They belong to
// the process, like its environment; for the control loop's thread only.

/// A socket's name in systemd's store: its address, without what such names may not have.
std::string store_name(int fd);

/// Adds what is a listening socket, and closes what is none.  `name` is what systemd calls it; may
/// be empty.  One with a name that is not its store_name() belongs to somebody else, such as a
/// socket unit: it stays open as long as this process runs, whoever listens there or does not.
void inherit(uv::FileDescriptor socket, std::string name = {});

/// Those that are bound to `address`; whoever gets them owns them.
std::vector<uv::FileDescriptor> take_inherited(const uv::SocketAddress &address);

/// Another descriptor for each of the sockets of somebody else that have this name.
std::vector<uv::FileDescriptor> inherited_with_name(std::string_view name);
/// Their names, each once.
std::vector<std::string> inherited_names();
/// Lets clients in again at sockets of somebody else that were closed here: uv::ListenSocket.
void reopen_inherited();

/// Closes those that nobody has taken, and says how systemd calls them.
std::vector<std::string> drop_inherited();

/// Another descriptor for each socket at which this process listens, whatever thread does it.
/// Without those of somebody else.
std::vector<uv::FileDescriptor> own_listening_sockets();

}  // namespace uvoy::server
