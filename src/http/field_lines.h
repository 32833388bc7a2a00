#pragma once

#include "http/head.h"

/// Heads that lie there whole, and are good.
namespace uvoy::http {

/// Length of the text up to the first control byte (HTAB is none), or to the end.
std::size_t first_line_size(std::string_view bytes);

/// Parses the field lines at bytes[at] as parse_fields() does, but more may follow the empty line.
/// Returns where that ends; 0 if something is wrong, or missing.
std::size_t take_whole_fields(std::string_view bytes, std::size_t at, const HeadLimits &limits,
                              Fields &out);

}  // namespace uvoy::http
