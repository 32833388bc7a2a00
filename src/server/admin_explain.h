#pragma once

#include "proxy/proxy.h"
#include "server/server_view.h"

#include <cstddef>
#include <string_view>

namespace uvoy::server {

/// Longest body of POST /v1/explain.
inline constexpr std::size_t most_question = std::size_t{256} << 10;

/// What the running configuration would do with the request that `body` tells of, a JSON object:
/// `method`, `url`, `headers` (a list of [name, value]) and `client`, all but `url` with defaults.
/// Nothing is counted and no token is spent.
proxy::LocalAnswer explain_answer(const ServerView &view, std::string_view body);

}  // namespace uvoy::server
