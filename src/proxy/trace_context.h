#pragma once

#include "base/random.h"

#include <array>
#include <string_view>

/// W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/).  Pure.
namespace uvoy::proxy {

/// The value of traceparent in version 00: version, trace-id, parent-id, flags.
using Traceparent = std::array<char, 55>;

/// Whether a value of traceparent can be gone on with: of version 00, or of a later one as far as
/// it looks the same (section 4.3).
bool is_traceparent(std::string_view value);

/// Of a value that is_traceparent().
inline std::string_view trace_id(std::string_view traceparent) { return traceparent.substr(3, 32); }

/// A new trace.  It says "sampled": samplers that follow the parent, as those of OpenTelemetry do
/// by default, would record nothing of any request otherwise.
void make_traceparent(Traceparent &out, Random &random);

}  // namespace uvoy::proxy
