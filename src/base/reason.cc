#include "base/reason.h"

#include <array>

namespace uvoy {

std::string_view name(Reason reason) {
    static constexpr std::array<std::string_view, reason_count> names{
        "",
        "no_route",
        "no_healthy_endpoint",
        "connect_refused",
        "connect_timeout",
        "connect_failed",
        "stale_connection",
        "reset_before_headers",
        "reset_in_headers",
        "reset_in_body",
        "bad_response",
        "response_too_large",
        "error_status",
        "first_byte_timeout",
        "route_timeout",
        "idle_timeout",
        "rate_limited",
        "overflow_requests",
        "overflow_pending",
        "overflow_connections",
        "retry_budget_spent",
        "client_closed",
        "client_timeout",
        "bad_request",
        "headers_too_large",
        "target_too_long",
        "body_too_large",
        "loop_detected",
        "tls_error",
        "draining",
        "overload",
    };
    return names[static_cast<std::size_t>(reason)];
}

}  // namespace uvoy
