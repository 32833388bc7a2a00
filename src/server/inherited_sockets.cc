#include "server/inherited_sockets.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

namespace uvoy::server {

namespace {

struct Inherited {
    uv::FileDescriptor fd;
    std::string name;
};

std::vector<Inherited> &inherited() {
    static std::vector<Inherited> all;
    return all;
}

bool is_listening(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

/// Whoever opened it may have left out what listen_on() asks for.
void prepare(int fd) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // of no meaning for unix sockets
    // Whoever was about to close it may have let nobody in any more: see ListenSocket.
    setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof on);
}

ino_t inode(int fd) {
    struct stat file {};
    fstat(fd, &file);
    return file.st_ino;
}

}  // namespace

void inherit(uv::FileDescriptor socket, std::string name) {
    if (!is_listening(socket.get())) return;
    prepare(socket.get());
    inherited().push_back({std::move(socket), std::move(name)});
}

std::vector<uv::FileDescriptor> take_inherited(const uv::SocketAddress &address) {
    std::vector<uv::FileDescriptor> taken;
    std::erase_if(inherited(), [&](Inherited &each) {
        if (!(uv::local_address(each.fd.get()) == address)) return false;
        taken.push_back(std::move(each.fd));
        return true;
    });
    return taken;
}

std::vector<std::string> drop_inherited() {
    std::vector<std::string> names;
    for (Inherited &each : std::exchange(inherited(), {}))
        if (!each.name.empty()) names.push_back(std::move(each.name));
    return names;
}

std::vector<uv::FileDescriptor> all_listening_sockets() {
    std::vector<int> numbers;
    if (const std::unique_ptr<DIR, int (*)(DIR *)> folder{opendir("/proc/self/fd"), closedir})
        while (const dirent *const entry = readdir(folder.get()))  // NOLINT: this stream is ours
            if (entry->d_name[0] != '.') numbers.push_back(std::atoi(entry->d_name));
    std::vector<uv::FileDescriptor> sockets;
    std::set<ino_t> seen;
    for (const int number : numbers) {
        // A worker may close it, and the number be another's: what is looked at must stay.
        uv::FileDescriptor copy{fcntl(number, F_DUPFD_CLOEXEC, 0)};
        if (copy && is_listening(copy.get()) && seen.insert(inode(copy.get())).second)
            sockets.push_back(std::move(copy));
    }
    return sockets;
}

}  // namespace uvoy::server
