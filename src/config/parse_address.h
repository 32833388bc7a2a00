#pragma once

#include "base/result.h"
#include "config/address.h"

#include <string>
#include <string_view>

namespace uvoy::config {

/// "host:port", "[::1]:port" or "unix:/path", or one line on what is wrong with it.
Result<Address, std::string> parse_address(std::string_view text);

/// parse_address() for a place to listen at: the host is an IP literal or "localhost"; also
/// "fd:NAME".
Result<Address, std::string> parse_listen_address(std::string_view text);

/// A DNS name (RFC 1123, with "_" as people use it), in any letter case.
bool is_host_name(std::string_view host);

}  // namespace uvoy::config
