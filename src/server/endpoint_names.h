#pragma once

#include "base/random.h"
#include "config/config.h"
#include "proxy/runtime.h"
#include "server/endpoint_addresses.h"
#include "uv/loop.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace uvoy::server {

/// Follows the DNS names among the endpoints that the configuration lists: asks for each again when
/// its records' time to live is over.  Such an endpoint stays who it is, so no key moves; only its
/// new connections go elsewhere, and only when the address in use is no longer among the answers.
/// What a failure leaves unknown stays as it was.  /etc/hosts goes before DNS.  Of the control
/// loop.
class EndpointNames {
public:
    /// Questions under way at the same time, each with sockets of its own.
    static constexpr std::size_t most_at_once = 16;

    struct Settings {
        std::uint64_t seed = 0;
        std::optional<config::Address> server;  ///< none: those of /etc/resolv.conf
    };

    /// Asks soon, for the start did not learn how long its answers are good.
    EndpointNames(uv::Loop &loop, const proxy::Runtime &runtime, EndpointAddresses &addresses,
                  Settings settings);
    ~EndpointNames();

    EndpointNames(const EndpointNames &) = delete;
    EndpointNames &operator=(const EndpointNames &) = delete;

    /// Different names that are asked for.
    std::size_t size() const { return names_.size(); }

private:
    class Name;

    Name &name_of(const std::string &host);

    uv::Loop &loop_;
    EndpointAddresses &addresses_;
    Random random_;
    std::optional<config::Address> server_;
    std::size_t asking_ = 0;
    std::vector<std::unique_ptr<Name>> names_;
};

}  // namespace uvoy::server
