#pragma once

#include "config/node.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace uvoy::config {

/// Why a text is not JSON, and where; an empty `text` means that it is.
struct SyntaxError {
    std::size_t offset = 0;
    std::string text;
};

/// Fills `root` from `text`, JSON (RFC 8259) with // and /* */ comments, in UTF-8.  Sets kinds,
/// values and offsets; the links to parents are left to the caller, when nothing moves any more.
SyntaxError build_tree(std::string_view text, Node &root);

}  // namespace uvoy::config
