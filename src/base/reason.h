#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uvoy {

/// Why uvoy answered by itself, or why a try failed.  The same words stand in the access log, in
/// metric labels, in Proxy-Status and in the manual.
enum class Reason : std::uint8_t {
    none,
    no_route,
    no_healthy_endpoint,
    connect_refused,
    connect_timeout,
    connect_failed,
    stale_connection,  ///< a reused connection turned out to be closed already
    reset_before_headers,
    reset_in_headers,
    reset_in_body,
    bad_response,
    response_too_large,
    error_status,  ///< it answered, with a status that says that it is not well
    first_byte_timeout,
    route_timeout,
    idle_timeout,
    rate_limited,
    overflow_requests,
    overflow_pending,
    overflow_connections,
    retry_budget_spent,
    client_closed,
    client_timeout,
    bad_request,
    headers_too_large,
    target_too_long,
    body_too_large,
    loop_detected,  ///< the request has been here before
    tls_error,
    draining,
    overload,
};

inline constexpr std::size_t reason_count = static_cast<std::size_t>(Reason::overload) + 1;

/// The contract's word, e.g. "connect_refused"; empty for Reason::none.
std::string_view name(Reason reason);

}  // namespace uvoy
