#pragma once

#include "proxy/proxy.h"
#include "server/admin_query.h"
#include "server/server_view.h"

#include <string_view>

namespace uvoy::server {

/// What a GET of the admin API answers, as JSON.
using AdminReader = proxy::LocalAnswer (*)(const ServerView &view, const Query &query);

/// Of a path under /v1; null: there is none.
AdminReader find_reader(std::string_view path);

}  // namespace uvoy::server
