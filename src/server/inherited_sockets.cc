#include "server/inherited_sockets.h"

#include "uv/listener.h"

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
    bool is_ours = true;
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

/// Of the kinds that listen_on() makes.
bool is_stream(int fd) {
    int type = 0;
    socklen_t length = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM)
        return false;
    const sa_family_t family = uv::local_address(fd).family();
    return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

/// See ListenSocket: who was about to close it may have let nobody in any more.
void let_in(int fd) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof on);
}

/// Whoever opened it may have left out what listen_on() asks for.
void prepare(int fd) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // of no meaning for unix sockets
    let_in(fd);
}

ino_t inode(int fd) {
    struct stat file {};
    fstat(fd, &file);
    return file.st_ino;
}

}  // namespace

std::string store_name(int fd) {
    std::string name = uv::to_text(uv::local_address(fd));
    std::ranges::replace(name, ':', '_');
    constexpr std::size_t longest = 255;
    return name.substr(0, longest);
}

void inherit(uv::FileDescriptor socket, std::string name) {
    if (!is_listening(socket.get()) || !is_stream(socket.get())) return;
    prepare(socket.get());
    const bool is_ours = name.empty() || name == store_name(socket.get());
    inherited().push_back({std::move(socket), std::move(name), is_ours});
}

std::vector<uv::FileDescriptor> take_inherited(const uv::SocketAddress &address) {
    std::vector<uv::FileDescriptor> taken;
    std::erase_if(inherited(), [&](Inherited &each) {
        if (!(uv::local_address(each.fd.get()) == address)) return false;
        if (!each.is_ours) prepare(each.fd.get());
        taken.push_back(each.is_ours ? std::move(each.fd) : uv::duplicate(each.fd));
        return each.is_ours;
    });
    return taken;
}

std::vector<uv::FileDescriptor> inherited_with_name(std::string_view name) {
    std::vector<uv::FileDescriptor> sockets;
    for (const Inherited &each : inherited()) {
        if (each.is_ours || each.name != name) continue;
        prepare(each.fd.get());
        sockets.push_back(uv::duplicate(each.fd));
    }
    return sockets;
}

std::vector<std::string> inherited_names() {
    std::set<std::string> names;
    for (const Inherited &each : inherited())
        if (!each.is_ours) names.insert(each.name);
    return {names.begin(), names.end()};
}

void reopen_inherited() {
    for (const Inherited &each : inherited())
        if (!each.is_ours) let_in(each.fd.get());
}

std::vector<std::string> drop_inherited() {
    std::vector<std::string> names;
    std::erase_if(inherited(), [&](Inherited &each) {
        if (each.is_ours && !each.name.empty()) names.push_back(std::move(each.name));
        return each.is_ours;
    });
    return names;
}

std::vector<uv::FileDescriptor> own_listening_sockets() {
    std::vector<int> numbers;
    if (const std::unique_ptr<DIR, int (*)(DIR *)> folder{opendir("/proc/self/fd"), closedir})
        while (const dirent *const entry = readdir(folder.get()))  // NOLINT: this stream is ours
            if (entry->d_name[0] != '.') numbers.push_back(std::atoi(entry->d_name));
    std::vector<uv::FileDescriptor> sockets;
    std::set<ino_t> seen;
    for (const Inherited &each : inherited())
        if (!each.is_ours) seen.insert(inode(each.fd.get()));
    for (const int number : numbers) {
        // A worker may close it, and the number be another's: what is looked at must stay.
        uv::FileDescriptor copy{fcntl(number, F_DUPFD_CLOEXEC, 0)};
        if (copy && is_listening(copy.get()) && seen.insert(inode(copy.get())).second)
            sockets.push_back(std::move(copy));
    }
    return sockets;
}

}  // namespace uvoy::server
