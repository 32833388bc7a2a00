#pragma once

#include "base/reason.h"
#include "config/config.h"

#include <bitset>
#include <cstdint>
#include <string_view>

namespace uvoy::proxy {

/// How far the exchange had come.
enum class Phase : std::uint8_t {
    request_head,   ///< the client's head is being read
    routing,        ///< route, limits, pick
    connecting,     ///< no bytes have been sent to an endpoint
    request_sent,   ///< some bytes may have been processed; no byte of a response yet
    response_head,  ///< part of a response head has come
    response_body,  ///< the client has the head
};

/// Whose fault it was.
enum class Side : std::uint8_t { downstream, uvoy, upstream };

/// The one description of what went wrong.  Status code, retry decision, log field and metric label
/// all derive from it.
struct Failure {
    Reason reason = Reason::none;
    Phase phase = Phase::routing;
    Side side = Side::uvoy;
    /// What uvoy answers while it still can.
    int status = 500;
};

Failure make_failure(Reason reason, Phase phase);

std::string_view name(Phase phase);
std::string_view name(Side side);

/// The proxy error type of RFC 9209 section 2.3 for a reason, e.g. "connection_refused".
std::string_view proxy_status_error(Reason reason);

/// After which failures and answers a route tries again; config::RetryOn in a form that is quick to
/// ask.
struct RetryClasses {
    bool connect_failure = false;
    bool refused = false;
    bool reset_before_response = false;
    bool timeout = false;
    std::bitset<600> statuses;
};
RetryClasses retry_classes(const config::Retry &retry);
bool covers(const RetryClasses &classes, Reason reason);

/// RFC 9110 section 15; "Unknown" for codes it does not list.
std::string_view reason_phrase(int status);

}  // namespace uvoy::proxy
