#pragma once

#include "config/config.h"
#include "config/context.h"

namespace uvoy::config {

/// Reports routes whose path no request can have, since all their listeners normalise it away: a
/// fence that is open without a word.  `routes` is the array that `config.routes` was read from.
void check_route_paths(Context &context, const Node &routes, const Config &config);

}  // namespace uvoy::config
