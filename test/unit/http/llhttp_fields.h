#pragma once

#include "http/head.h"

namespace uvoy::http {

/// What parse_fields does, by llhttp and a strict look at what it skipped: another's understanding
/// of the same bytes.
Result<Parsed, HeadError> parse_fields_by_llhttp(std::string_view bytes, const HeadLimits &limits,
                                                 Fields &out);

}  // namespace uvoy::http
