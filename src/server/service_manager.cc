#include "server/service_manager.h"

#include "server/inherited_sockets.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Duration step = std::chrono::seconds{1};
/// Asked for again at each step.
constexpr Duration extension = std::chrono::seconds{5};
/// A reload closes listeners when nobody waits there any more, which takes moments.
constexpr int looks = 10;
/// systemd takes no message of more than a page.
constexpr std::size_t longest_status = 1024;
/// systemd's first descriptor.
constexpr int first_descriptor = 3;

/// The value, which is no longer in the environment then.  Empty: there is none.
std::string take_variable(const char *name) {
    // There is one thread yet.
    const char *const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return {};
    std::string text{value};
    unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
    return text;
}

std::string variable(const char *name) {
    const char *const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? "" : value;
}

std::int64_t count_of(Duration duration) { return duration_cast<microseconds>(duration).count(); }

}  // namespace

void ServiceManager::take_sockets() {
    const std::string process = take_variable("LISTEN_PID");
    const std::string count = take_variable("LISTEN_FDS");
    std::string names = take_variable("LISTEN_FDNAMES");
    if (process.empty() || process != std::to_string(getpid())) return;
    const int end = first_descriptor + std::atoi(count.c_str());
    for (int fd = first_descriptor; fd < end; ++fd) {
        const std::size_t colon = names.find(':');
        inherit(uv::FileDescriptor{fd}, names.substr(0, colon));
        names.erase(0, colon == std::string::npos ? colon : colon + 1);
    }
}

ServiceManager::ServiceManager(uv::Loop &loop, Delegate<bool()> workers_live)
    : workers_live_{workers_live},
      address_{variable("NOTIFY_SOCKET")},
      timer_{loop, Delegate<void()>::bind<&ServiceManager::tick>(*this)} {
    if (address_.empty() || (address_[0] != '/' && address_[0] != '@')) {
        address_.clear();
        return;
    }
    socket_ = uv::FileDescriptor{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    // systemd reads at once, or it is in a state in which nothing of this matters.
    const timeval patience{.tv_sec = 0, .tv_usec = 200'000};
    setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const std::string meant = variable("WATCHDOG_PID");
    const std::int64_t limit = std::atoll(variable("WATCHDOG_USEC").c_str());
    if (limit > 0 && (meant.empty() || meant == std::to_string(getpid())))
        watchdog_ = microseconds{limit};
}

void ServiceManager::ready(std::string_view status) {
    // A second line would be another statement.
    status = status.substr(0, std::min(status.find('\n'), longest_status));
    send(fmt::format("READY=1\nSTATUS={}\nMAINPID={}", status, getpid()));
    store_sockets();
    if (address_.empty()) return;
    looks_left_ = looks;
    tick();
}

void ServiceManager::reloading() {
    const Duration now = uv::Loop::now().time_since_epoch();
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reloading", count_of(now)));
}

void ServiceManager::stopping() {
    if (address_.empty()) return;
    send("STOPPING=1\nSTATUS=draining");
    stopping_ = true;
    tick();
}

void ServiceManager::hand_over(int pid) {
    if (address_.empty()) return;
    send(fmt::format("MAINPID={}", pid));
    timer_.cancel();
    address_.clear();
}

void ServiceManager::tick() {
    if (watchdog_ && workers_live_()) send("WATCHDOG=1");
    if (stopping_) send(fmt::format("EXTEND_TIMEOUT_USEC={}", count_of(extension)));
    if (looks_left_ > 0) {
        --looks_left_;
        if (looks_left_ % 2 == 0) store_sockets();
    }
    if (!watchdog_ && !stopping_ && looks_left_ == 0) return;
    Duration pause = step;
    if (watchdog_) pause = std::clamp<Duration>(*watchdog_ / 4, milliseconds{1}, step);
    timer_.arm(pause);
}

void ServiceManager::store_sockets() {
    std::vector<std::string> dropped = drop_inherited();
    if (address_.empty()) return;
    const auto before = std::exchange(stored_, {});
    const std::vector<uv::FileDescriptor> sockets = own_listening_sockets();
    for (const uv::FileDescriptor &each : sockets) ++stored_[store_name(each.get())];
    for (const auto &[name, count] : before) dropped.push_back(name);
    for (const std::string &name : dropped)
        if (!stored_.contains(name)) send(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name));
    // One by one, for each has its name.  systemd keeps only once what it has already.
    for (const uv::FileDescriptor &each : sockets) {
        const std::string name = store_name(each.get());
        const auto known = before.find(name);
        if (known == before.end() || known->second != stored_[name])
            send(fmt::format("FDSTORE=1\nFDPOLL=0\nFDNAME={}", name), {&each, 1});
    }
}

bool ServiceManager::send(std::string_view text, std::span<const uv::FileDescriptor> sockets) {
    sockaddr_un to{};
    if (address_.empty() || address_.size() >= sizeof to.sun_path) return false;
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
    std::string bytes{text};
    iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!sockets.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr *const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int number = sockets.front().get();
        std::memcpy(CMSG_DATA(header), &number, sizeof number);
    }
    return sendmsg(socket_.get(), &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace uvoy::server
