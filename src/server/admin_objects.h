#pragma once

#include "server/admin_json.h"
#include "server/server_view.h"

namespace uvoy::server {

// What the configuration in use comes to, with what was counted of it.

/// /v1/listeners.
Json listeners_json(const ServerView &view, const Moment &moment);

/// /v1/routes, in the order in which they are asked.
Json routes_json(const ServerView &view, const Moment &moment);

/// /v1/limits.
Json limits_json(const ServerView &view, const Moment &moment);

/// /v1/workers.
Json workers_json(const ServerView &view, const Moment &moment);

}  // namespace uvoy::server
