#pragma once

#include "http/head.h"

namespace uvoy::http {

/// Parses `token SP request-target SP HTTP-version` (RFC 9112 section 3), without its CRLF, into
/// all of `out` but the fields.  Of the target only the bytes are checked: see parse_target().
Result<Parsed, HeadError> parse_request_line(std::string_view line, const HeadLimits &limits,
                                             RequestHead &out);

/// Parses `HTTP-version SP 3DIGIT [SP reason-phrase]` (RFC 9112 section 4), without its CRLF.  The
/// space after the status may be missing with the reason, as many servers have it.
Result<Parsed, HeadError> parse_status_line(std::string_view line, ResponseHead &out);

/// Whether more bytes may make a start line of this beginning of one: what a client of another
/// protocol sends (a TLS handshake) is refused at once, for its line may never end.  Only the first
/// bytes are looked at.
bool may_become_request_line(std::string_view beginning);
bool may_become_status_line(std::string_view beginning);

}  // namespace uvoy::http
