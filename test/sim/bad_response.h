#pragma once

#include "base/reason.h"

#include <span>
#include <string>
#include <string_view>

namespace uvoy::sim {

/// A response that breaks the rules, in answer to any request.  Nothing of it that says
/// "X-Id: hostile" may ever pass for a whole answer.
struct BadResponse {
    std::string_view name;
    std::string bytes;
    /// What uvoy says of it while it still can; when the head was out, the client sees a cut.
    Reason reason = Reason::bad_response;
    bool in_body = false;  ///< the head is good: not for HEAD
    bool ends = false;     ///< the endpoint closes behind it
};

std::span<const BadResponse> bad_responses();

}  // namespace uvoy::sim
