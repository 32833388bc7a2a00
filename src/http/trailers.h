#pragma once

#include "http/head.h"

namespace uvoy::http {

/// Whether a trailer section may hold the field.  What framing, routing, authentication or the
/// meaning of the content rest on must not come after the fact (RFC 9110 section 6.5.1): a hop that
/// merges trailers into the header section would be led astray.
bool allowed_in_trailers(const Field &field);

}  // namespace uvoy::http
