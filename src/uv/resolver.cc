#include "uv/resolver.h"

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace uvoy::uv {

Result<std::vector<SocketAddress>, std::string> resolve(const std::string &host,
                                                        std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;  // one answer an address, not one a protocol
    addrinfo *found = nullptr;
    const int status = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (status != 0) {
        const std::string why =
            status == EAI_SYSTEM ? std::system_category().message(errno) : gai_strerror(status);
        return Unexpected{"cannot resolve \"" + host + "\": " + why};
    }
    const std::unique_ptr<addrinfo, decltype([](addrinfo *list) { freeaddrinfo(list); })> owner{
        found};

    std::vector<SocketAddress> addresses;
    for (const addrinfo *entry = found; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
        SocketAddress &address = addresses.emplace_back();
        std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
        address.length = entry->ai_addrlen;
        address.set_port(port);
    }
    if (addresses.empty()) return Unexpected{"\"" + host + "\" has no IP address"};
    return addresses;
}

}  // namespace uvoy::uv
