#pragma once

#include "proxy/runtime.h"
#include "server/generation.h"
#include "server/reload_result.h"

#include <vector>

namespace uvoy::server {

/// Which share of the hash keys of each cluster would go to another endpoint if `next` took the
/// place of the present generation, with endpoints as healthy as they are now.  On the control
/// loop.
std::vector<ReloadResult::MovedKeys> moved_keys(const Generation &present,
                                                const proxy::Runtime &next);

}  // namespace uvoy::server
