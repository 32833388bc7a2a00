#pragma once

#include "base/result.h"
#include "uv/address.h"

#include <cstdint>
#include <string>
#include <vector>

namespace uvoy::uv {

/// All addresses of `host` (a name or a number, IPv6 without brackets), best first, never empty.
/// Blocks on DNS: for start-up and for threads without a loop.
Result<std::vector<SocketAddress>, std::string> resolve(const std::string &host,
                                                        std::uint16_t port);

}  // namespace uvoy::uv
