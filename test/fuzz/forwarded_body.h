#pragma once

#include "message_reader.h"

#include <string>

namespace uvoy::fuzz {

/// The message's body with its trailers, as the proxy writes them in that framing.
std::string forwarded_body(const ReadMessage &message, const http::Framing &framing);

}  // namespace uvoy::fuzz
