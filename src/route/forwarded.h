#pragma once

#include "base/network.h"
#include "config/config.h"
#include "http/head.h"

#include <span>
#include <string>
#include <string_view>

namespace uvoy::route {

/// What proxies in front of us tell of a request.  Buffers to be reused; views point into the
/// fields.
struct Forwarded {
    std::string client;      ///< address of the client
    std::string chain;       ///< for X-Forwarded-For, before the peer; empty if nothing is told
    std::string_view proto;  ///< "http" or "https"; empty if not told
    std::string_view host;   ///< a valid host; empty if not told
};

/// `peer` is an address as text, or "unix:".
bool is_trusted(std::span<const config::TrustedProxy> trusted, std::string_view peer);

/// Reads X-Forwarded-For, -Proto and -Host, or without X-Forwarded-For the standard Forwarded (RFC
/// 7239), of a request that came from the trusted `peer`.  The client is the first address from
/// the right that is not trusted, for everything to the left of it is only its own word; what is
/// no address ends the search.
void read_forwarded(const http::Fields &fields, std::span<const config::TrustedProxy> trusted,
                    std::string_view peer, Forwarded &out);

}  // namespace uvoy::route
