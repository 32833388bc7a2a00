#pragma once

#include "http/path.h"
#include "http/target.h"
#include "message_reader.h"
#include "proxy/request_rules.h"

#include <string>

namespace uvoy::fuzz {

/// What an exchange makes of a request's head before it writes its own.
struct Forwarding {
    http::RequestHead head;
    http::Target target;
    proxy::Course course;
    http::PathRules rules;
    std::string path;
    std::string host;
};

inline constexpr http::HeadLimits ample_limits{};
inline constexpr std::string_view pseudonym = "uvoy-0123abcd";

/// Rules that depend on the bytes.
http::PathRules some_rules(std::string_view bytes);

/// False if the core refuses such a request.  `out.rules` are set; views point into `message`.
bool understand(const ReadMessage &message, const http::HeadLimits &limits, Forwarding &out);

/// The request as an endpoint gets it.
std::string forward(const ReadMessage &message, const Forwarding &from);

}  // namespace uvoy::fuzz
