#include "cli/admin_client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace uvoy::cli {

namespace {

constexpr timeval patience{.tv_sec = 60, .tv_usec = 0};

class Socket {
public:
    explicit Socket(int fd) : fd_{fd} {}
    Socket(const Socket &) = delete;
    Socket &operator=(const Socket &) = delete;
    ~Socket() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

[[noreturn]] void fail(const config::Address &address, std::string_view why) {
    throw Unreachable{fmt::format("no answer from {}: {}", address.text(), why)};
}

[[noreturn]] void fail(const config::Address &address, int error) {
    if (error == EAGAIN) error = ETIMEDOUT;
    fail(address, std::generic_category().message(error));
}

/// 0 or errno.
int try_connect(int fd, const sockaddr *to, socklen_t length) {
    if (fd < 0) return errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return connect(fd, to, length) == 0 ? 0 : errno;
}

std::unique_ptr<Socket> connect_unix(const config::Address &address) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (address.path.size() >= sizeof name.sun_path) fail(address, ENAMETOOLONG);
    std::memcpy(name.sun_path, address.path.data(), address.path.size());
    auto made = std::make_unique<Socket>(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int error =
        try_connect(made->get(), reinterpret_cast<const sockaddr *>(&name), sizeof name);
    if (error != 0) fail(address, error);
    return made;
}

std::unique_ptr<Socket> connect_tcp(const config::Address &address) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    const std::string port = std::to_string(address.port);
    if (const int problem = getaddrinfo(address.host.c_str(), port.c_str(), &wanted, &found))
        fail(address, gai_strerror(problem));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all{found, freeaddrinfo};
    int error = EADDRNOTAVAIL;
    for (const addrinfo *each = found; each != nullptr; each = each->ai_next) {
        auto made =
            std::make_unique<Socket>(socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        error = try_connect(made->get(), each->ai_addr, each->ai_addrlen);
        if (error == 0) return made;
    }
    fail(address, error);
}

void send_all(const config::Address &address, int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent >= 0) text.remove_prefix(static_cast<std::size_t>(sent));
        // An early refusal may be there to read.
        else if (errno == EPIPE || errno == ECONNRESET) return;
        else if (errno != EINTR) fail(address, errno);
    }
}

std::string receive_all(const config::Address &address, int fd) {
    std::string text;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
        if (got == 0) return text;
        if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
        else if (errno != EINTR) fail(address, errno);
    }
}

/// Of an answer whose connection has ended.
AdminAnswer parse(const config::Address &address, const std::string &text) {
    constexpr std::string_view begin = "HTTP/1.1 ";
    const std::size_t head = text.find("\r\n\r\n");
    AdminAnswer answer;
    if (!text.starts_with(begin) || head == std::string::npos)
        fail(address, text.empty() ? "the connection was closed" : "that is not uvoy");
    std::from_chars(text.data() + begin.size(), text.data() + head, answer.status);
    answer.body = text.substr(head + 4);
    return answer;
}

}  // namespace

AdminAnswer AdminClient::ask(std::string_view method, std::string_view path,
                             std::string_view json) const {
    const auto made = address_.is_unix() ? connect_unix(address_) : connect_tcp(address_);
    std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n", method, path);
    if (method != "GET")
        request += fmt::format(
            "X-Uvoy-Admin: 1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            json.size());
    request.append("Connection: close\r\n\r\n").append(json);
    send_all(address_, made->get(), request);
    return parse(address_, receive_all(address_, made->get()));
}

}  // namespace uvoy::cli
