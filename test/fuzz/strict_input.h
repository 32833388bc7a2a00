#pragma once

#include <string_view>

namespace uvoy::fuzz {

// What src/http has accepted, judged once more without any of its code.

/// The head has no byte and no line that another reader could take for something else, and at most
/// one field that delimits the body, in its plain form.
void check_accepted_head(std::string_view head);

/// These bytes are chunks by the grammar, and hold that body.
void check_accepted_chunks(std::string_view bytes, std::string_view body);

}  // namespace uvoy::fuzz
