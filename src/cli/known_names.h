#pragma once

#include "cli/completion.h"

namespace uvoy::cli {

/// What a running uvoy calls its clusters (`type` CLUSTER), or the endpoints (ENDPOINT) of the
/// cluster that is the last positional.  Nothing when nobody answers.
std::vector<std::string> known_names(std::string_view type, const Given &given);

}  // namespace uvoy::cli
