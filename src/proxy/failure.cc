#include "proxy/failure.h"

#include <array>
#include <cstddef>

namespace uvoy::proxy {

namespace {

struct Meaning {
    Side side;
    int status;
    std::string_view proxy_status;
};

/// In the order of Reason.
constexpr std::array<Meaning, reason_count> meanings{{
    {Side::uvoy, 500, "proxy_internal_error"},                   // none
    {Side::uvoy, 404, "destination_not_found"},                  // no_route
    {Side::upstream, 503, "destination_unavailable"},            // no_healthy_endpoint
    {Side::upstream, 503, "connection_refused"},                 // connect_refused
    {Side::upstream, 504, "connection_timeout"},                 // connect_timeout
    {Side::upstream, 503, "destination_ip_unroutable"},          // connect_failed
    {Side::upstream, 502, "connection_terminated"},              // stale_connection
    {Side::upstream, 502, "connection_terminated"},              // reset_before_headers
    {Side::upstream, 502, "http_response_incomplete"},           // reset_in_headers
    {Side::upstream, 502, "http_response_incomplete"},           // reset_in_body
    {Side::upstream, 502, "http_protocol_error"},                // bad_response
    {Side::upstream, 502, "http_response_header_section_size"},  // response_too_large
    {Side::upstream, 502, "http_protocol_error"},                // error_status
    {Side::upstream, 504, "http_response_timeout"},              // first_byte_timeout
    {Side::upstream, 504, "http_response_timeout"},              // route_timeout
    {Side::upstream, 504, "connection_read_timeout"},            // idle_timeout
    {Side::downstream, 429, "http_request_denied"},              // rate_limited
    {Side::uvoy, 503, "connection_limit_reached"},               // overflow_requests
    {Side::uvoy, 503, "connection_limit_reached"},               // overflow_pending
    {Side::uvoy, 503, "connection_limit_reached"},               // overflow_connections
    {Side::uvoy, 503, "connection_limit_reached"},               // retry_budget_spent
    {Side::downstream, 499, "http_request_error"},               // client_closed
    {Side::downstream, 408, "http_request_error"},               // client_timeout
    {Side::downstream, 400, "http_request_error"},               // bad_request
    {Side::downstream, 431, "http_request_error"},               // headers_too_large
    {Side::downstream, 414, "http_request_error"},               // target_too_long
    {Side::downstream, 413, "http_request_error"},               // body_too_large
    {Side::uvoy, 502, "proxy_loop_detected"},                    // loop_detected
    {Side::upstream, 502, "tls_protocol_error"},                 // tls_error
    {Side::uvoy, 503, "proxy_internal_response"},                // draining
    {Side::uvoy, 503, "proxy_internal_response"},                // overload
}};

}  // namespace

Failure make_failure(Reason reason, Phase phase) {
    const Meaning &meaning = meanings[static_cast<std::size_t>(reason)];
    return {.reason = reason, .phase = phase, .side = meaning.side, .status = meaning.status};
}

std::string_view name(Phase phase) {
    static constexpr std::string_view names[]{"request_head", "routing",       "connecting",
                                              "request_sent", "response_head", "response_body"};
    return names[static_cast<std::size_t>(phase)];
}

std::string_view name(Side side) {
    static constexpr std::string_view names[]{"downstream", "uvoy", "upstream"};
    return names[static_cast<std::size_t>(side)];
}

std::string_view proxy_status_error(Reason reason) {
    return meanings[static_cast<std::size_t>(reason)].proxy_status;
}

RetryClasses retry_classes(const config::Retry &retry) {
    using Kind = config::RetryOn::Kind;
    RetryClasses classes;
    for (const config::RetryOn &on : retry.on) {
        switch (on.kind) {
            case Kind::connect_failure:
                classes.connect_failure = true;
                break;
            case Kind::refused:
                classes.refused = true;
                break;
            case Kind::reset_before_response:
                classes.reset_before_response = true;
                break;
            case Kind::timeout:
                classes.timeout = true;
                break;
            case Kind::server_error:
                for (std::size_t status = 500; status < 600; ++status) classes.statuses.set(status);
                break;
            case Kind::gateway_error:
                for (const std::size_t status : {502U, 503U, 504U}) classes.statuses.set(status);
                break;
            case Kind::status:
                classes.statuses.set(on.status);
                break;
        }
    }
    return classes;
}

bool covers(const RetryClasses &classes, Reason reason) {
    switch (reason) {
        case Reason::connect_refused:
            return classes.refused || classes.connect_failure;
        case Reason::connect_timeout:
            return classes.connect_failure || classes.timeout;
        case Reason::connect_failed:
        case Reason::overload:
            return classes.connect_failure;
        case Reason::first_byte_timeout:
            return classes.timeout;
        case Reason::stale_connection:
        case Reason::reset_before_headers:
        case Reason::reset_in_headers:  // the client has seen nothing of it
            return classes.reset_before_response;
        default:
            return false;
    }
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 410:
            return "Gone";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 451:
            return "Unavailable For Legal Reasons";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

}  // namespace uvoy::proxy
