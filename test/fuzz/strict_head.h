#pragma once

#include <string_view>

namespace uvoy::fuzz {

/// Of a head that src/http has accepted: that it has no byte and no line that another reader could
/// take for something else, and at most one field that delimits the body, in its plain form.
/// Shares no code with src/.
void check_accepted_head(std::string_view head);

}  // namespace uvoy::fuzz
