#include "server/listening_sockets.h"

#include "base/log.h"
#include "server/inherited_sockets.h"
#include "server/start_error.h"
#include "uv/address.h"
#include "uv/listener.h"
#include "uv/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

namespace uvoy::server {

namespace {

std::string_view hint(int error) {
    switch (error) {
        case EADDRINUSE:
            return "; stop the process that listens there (ss -ltnp shows it) or choose another";
        case EADDRNOTAVAIL:
            return "; use an address of this machine, or 0.0.0.0 for all of them";
        case EACCES:
        case EPERM:
            return "; ports below 1024 need root or CAP_NET_BIND_SERVICE, socket files a writable "
                   "directory";
        case ENOENT:
            return "; make the directory of the socket file";
        default:
            return "";
    }
}

[[noreturn]] void fail(const std::string &pointer, const config::Address &address, int error) {
    std::string why = std::generic_category().message(error);
    why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    throw StartError{pointer, fmt::format("{}: {}{}", address.text(), why, hint(error))};
}

std::vector<uv::SocketAddress> addresses_of(const config::Address &address,
                                            const std::string &pointer) {
    auto found = uv::resolve(address.host, address.port);
    if (!found) throw StartError{pointer, found.error()};
    return std::move(*found);
}

uv::FileDescriptor socket_for(const uv::SocketAddress &address) {
    return uv::FileDescriptor{socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

/// 0, or why nobody could listen there now.
int why_not_free(const uv::SocketAddress &address) {
    const uv::FileDescriptor probe = socket_for(address);
    if (!probe) return errno;
    const int on = 1;
    // For connections of the past that linger.
    setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.family() == AF_INET6)
        setsockopt(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return bind(probe.get(), address.get(), address.length) == 0 ? 0 : errno;
}

/// Not so where somebody else has opened it: for socket units that is a setting.
bool shares_port(const uv::FileDescriptor &fd) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &value, &length) == 0 && value != 0;
}

void listen_tcp(const uv::SocketAddress &address, std::size_t copies,
                std::vector<uv::FileDescriptor> &out) {
    std::vector<uv::FileDescriptor> sockets = take_inherited(address);
    if (sockets.empty()) {
        if (const int error = why_not_free(address); error != 0)
            throw std::system_error{error, std::generic_category()};
    }
    const bool lone = !sockets.empty() && !shares_port(sockets.front());
    while (sockets.size() < copies)
        sockets.push_back(lone ? uv::duplicate(sockets.front()) : uv::listen_on(address));
    std::ranges::move(sockets, std::back_inserter(out));
}

void set_mode_of(const uv::SocketAddress &address, std::uint32_t mode) {
    if (const int error = uv::set_mode(address, mode); error != 0)
        log::warning("cannot change the mode of {}: {}", uv::to_text(address),
                     std::generic_category().message(error));
}

std::vector<uv::FileDescriptor> listen_unix(const config::Address &address, std::size_t copies,
                                            const std::string &pointer,
                                            std::optional<std::uint32_t> mode) {
    const auto parsed = uv::parse_address(address.text());
    if (!parsed) throw StartError{pointer, parsed.error()};
    std::vector<uv::FileDescriptor> sockets = take_inherited(*parsed);
    if (sockets.empty()) sockets.push_back(uv::listen_on(*parsed, mode));
    else if (mode) set_mode_of(*parsed, *mode);
    while (sockets.size() < copies) sockets.push_back(uv::duplicate(sockets.front()));
    return sockets;
}

/// "none was passed", or which were.
std::string what_was_passed(const std::string &wanted) {
    std::string text;
    for (const std::string &name : inherited_names())
        text.append(text.empty() ? "passed are \"" : ", \"").append(name).append("\"");
    if (!text.empty()) return text;
    return "none was passed; a socket unit with FileDescriptorName=" + wanted + " would do it";
}

std::vector<uv::FileDescriptor> listen_inherited(const config::Address &address, std::size_t copies,
                                                 const std::string &pointer) {
    std::vector<uv::FileDescriptor> sockets;
    for (uv::FileDescriptor &each : inherited_with_name(address.descriptor)) {
        for (std::size_t i = 1; i < copies; ++i) sockets.push_back(uv::duplicate(each));
        sockets.push_back(std::move(each));
    }
    if (sockets.empty())
        throw StartError{pointer, fmt::format("{}: there is no listening socket of that name: {}",
                                              address.text(), what_was_passed(address.descriptor))};
    return sockets;
}

std::string place_of(const config::Listener &listener, std::size_t address) {
    std::string pointer = fmt::format("/listeners/{}/address", pointer_step(listener.name));
    return listener.addresses.size() == 1 ? pointer : fmt::format("{}/{}", pointer, address);
}

std::vector<uv::SocketAddress> candidates_of(const config::Address &address,
                                             const std::string &pointer) {
    if (!address.is_unix()) return addresses_of(address, pointer);
    auto parsed = uv::parse_address(address.text());
    if (!parsed) throw StartError{pointer, parsed.error()};
    return {*parsed};
}

/// A socket that is meant by its name is not to be meant by its address too.
void refuse_second_users(const std::vector<config::Listener> &listeners) {
    std::map<uv::SocketAddress, std::string> users;
    for (const config::Listener &listener : listeners)
        for (const config::Address &address : listener.addresses)
            if (address.is_inherited())
                for (const auto &socket : inherited_with_name(address.descriptor))
                    users.emplace(uv::local_address(socket.get()), address.text());
    if (users.empty()) return;
    for (const config::Listener &listener : listeners)
        for (std::size_t i = 0; i < listener.addresses.size(); ++i) {
            const config::Address &address = listener.addresses[i];
            if (address.is_inherited()) continue;
            const std::string place = place_of(listener, i);
            for (const uv::SocketAddress &each : candidates_of(address, place))
                if (const auto user = users.find(each); user != users.end())
                    throw StartError{place, fmt::format("{}: is the socket of {}, which is in use",
                                                        address.text(), user->second)};
        }
}

}  // namespace

std::vector<uv::FileDescriptor> listen_at(const config::Address &address, std::size_t copies,
                                          const std::string &pointer,
                                          std::optional<std::uint32_t> mode) {
    try {
        if (address.is_inherited()) return listen_inherited(address, copies, pointer);
        if (address.is_unix()) return listen_unix(address, copies, pointer, mode);
    } catch (const std::system_error &error) {
        fail(pointer, address, error.code().value());
    }
    std::vector<uv::FileDescriptor> sockets;
    int missing = 0;
    for (const uv::SocketAddress &candidate : addresses_of(address, pointer)) {
        try {
            listen_tcp(candidate, copies, sockets);
        } catch (const std::system_error &error) {
            missing = error.code().value();
            // "localhost" is ::1 too, even where the kernel has no IPv6.
            if (missing != EADDRNOTAVAIL && missing != EAFNOSUPPORT)
                fail(pointer, address, missing);
        }
    }
    if (sockets.empty()) fail(pointer, address, missing);
    return sockets;
}

std::vector<std::vector<BoundSocket>> listen_for_workers(
    const std::vector<config::Listener> &listeners, std::size_t workers,
    const std::set<std::string> &open) {
    refuse_second_users(listeners);
    std::vector<std::vector<BoundSocket>> shares(workers);
    for (std::size_t listener = 0; listener < listeners.size(); ++listener) {
        const std::vector<config::Address> &addresses = listeners[listener].addresses;
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            const std::string text = addresses[i].text();
            if (open.contains(text)) continue;
            auto sockets = listen_at(addresses[i], workers, place_of(listeners[listener], i),
                                     listeners[listener].mode);
            for (std::size_t k = 0; k < sockets.size(); ++k)
                shares[k % workers].push_back({listener, std::move(sockets[k]), text});
        }
    }
    return shares;
}

void set_mode(const config::Address &address, std::uint32_t mode) {
    if (!address.is_unix()) return;
    if (const auto parsed = uv::parse_address(address.text())) set_mode_of(*parsed, mode);
}

void set_modes(const std::vector<config::Listener> &listeners) {
    for (const config::Listener &listener : listeners)
        for (const config::Address &address : listener.addresses)
            if (listener.mode) set_mode(address, *listener.mode);
}

}  // namespace uvoy::server
