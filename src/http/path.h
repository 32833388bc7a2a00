#pragma once

#include "http/head.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace uvoy::http {

/// How paths are brought into the one form that is matched, hashed, logged and forwarded.
struct PathRules {
    enum class DotSegments : std::uint8_t { resolve, refuse, keep };
    enum class EncodedSlashes : std::uint8_t { keep, decode, refuse };  ///< %2F and %5C

    DotSegments dot_segments = DotSegments::resolve;
    EncodedSlashes encoded_slashes = EncodedSlashes::keep;
    bool decode_unreserved = true;       ///< "%41" is "A" (RFC 3986 section 6.2.2.2)
    bool keep_encoded_controls = false;  ///< %00..%1F and %7F; else refused
    bool merge_slashes = false;
};

/// `path` begins with "/" and is made of target bytes, without the query.  The result points into
/// `path` if nothing had to change, else into `buffer`.
///
/// Refused whatever the rules: a malformed escape, a raw backslash.  Refused unless dot segments
/// are kept: those that only some endpoints would see, "..;x" (a path parameter behind dots) and
/// dots beside an encoded slash that is kept.
Result<std::string_view, HeadError> normalize_path(std::string_view path, const PathRules &rules,
                                                   std::string &buffer);

}  // namespace uvoy::http
