#pragma once

#include "base/reason.h"
#include "proxy/runtime.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace uvoy::server {

/// What the core made of one request.
struct Trial {
    /// Where it would have gone.
    struct Forward {
        std::uint16_t cluster = 0;
        std::uint64_t hash = 0;
    };
    std::optional<Forward> forward;  ///< none: the core answered by itself
    int status = 0;                  ///< of that answer
    Reason reason = Reason::none;    ///< of that answer
    std::string host;
    std::string path;    ///< in the form that is matched, hashed and forwarded
    std::string client;  ///< as trusted proxies tell it
};

/// Sends one head through a proxy::Proxy of its own that has no endpoint to go to.  `runtime` has
/// an access log, for that is where the core tells what it did, and no rate limits.
Trial try_request(const proxy::Runtime &runtime, std::size_t listener, const std::string &client_ip,
                  std::string_view head);

}  // namespace uvoy::server
