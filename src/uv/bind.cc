#include "uv/listener.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace uvoy::uv {
namespace {

/// The kernel cuts it to net.core.somaxconn, which is 4096 by default since Linux 5.4.
constexpr int backlog = 4096;

[[noreturn]] void fail(int error, const char *what, const SocketAddress &address) {
    throw std::system_error{error, std::generic_category(),
                            std::string{"cannot "} + what + " " + to_text(address)};
}

FileDescriptor make_socket(const SocketAddress &address) {
    FileDescriptor fd{socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd) fail(errno, "make a socket for", address);
    return fd;
}

void enable(const FileDescriptor &fd, int level, int option, const SocketAddress &address) {
    const int on = 1;
    if (setsockopt(fd.get(), level, option, &on, sizeof on) != 0)
        fail(errno, "set an option of the socket for", address);
}

/// A socket file that nobody listens on is what a killed process left behind.
void remove_if_stale(const SocketAddress &address) {
    sockaddr_un name;
    std::memcpy(&name, &address.storage, sizeof name);
    struct stat file;
    if (lstat(name.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return;
    const FileDescriptor probe = make_socket(address);
    if (connect(probe.get(), address.get(), address.length) != 0 && errno == ECONNREFUSED)
        unlink(name.sun_path);
}

}  // namespace

FileDescriptor listen_on(const SocketAddress &address, std::optional<mode_t> mode) {
    FileDescriptor fd = make_socket(address);
    if (address.is_unix()) {
        remove_if_stale(address);
    } else {
        enable(fd, SOL_SOCKET, SO_REUSEADDR, address);
        enable(fd, SOL_SOCKET, SO_REUSEPORT, address);
        enable(fd, IPPROTO_TCP, TCP_NODELAY, address);
        if (address.family() == AF_INET6) enable(fd, IPPROTO_IPV6, IPV6_V6ONLY, address);
    }
    if (bind(fd.get(), address.get(), address.length) != 0) fail(errno, "bind to", address);
    if (mode && address.is_unix())
        if (const int error = set_mode(address, *mode); error != 0) fail(error, "chmod", address);
    if (listen(fd.get(), backlog) != 0) fail(errno, "listen on", address);
    return fd;
}

int set_mode(const SocketAddress &address, mode_t mode) {
    sockaddr_un name;
    std::memcpy(&name, &address.storage, sizeof name);
    // What is a link there now is not what was bound.
    return fchmodat(AT_FDCWD, name.sun_path, mode, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

FileDescriptor duplicate(const FileDescriptor &fd) {
    FileDescriptor copy{fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)};
    if (!copy) fail(errno, "duplicate the socket of", local_address(fd.get()));
    return copy;
}

}  // namespace uvoy::uv
