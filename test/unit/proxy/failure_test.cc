#include "proxy/failure.h"

#include <doctest/doctest.h>

namespace uvoy::proxy {

TEST_CASE("status, side and Proxy-Status error derive from the reason") {
    struct Case {
        Reason reason;
        int status;
        Side side;
        std::string_view error;
    };
    for (const Case &row :
         {Case{Reason::no_route, 404, Side::uvoy, "destination_not_found"},
          Case{Reason::no_healthy_endpoint, 503, Side::upstream, "destination_unavailable"},
          Case{Reason::connect_refused, 503, Side::upstream, "connection_refused"},
          Case{Reason::connect_timeout, 504, Side::upstream, "connection_timeout"},
          Case{Reason::bad_response, 502, Side::upstream, "http_protocol_error"},
          Case{Reason::route_timeout, 504, Side::upstream, "http_response_timeout"},
          Case{Reason::rate_limited, 429, Side::downstream, "http_request_denied"},
          Case{Reason::overflow_pending, 503, Side::uvoy, "connection_limit_reached"},
          Case{Reason::client_timeout, 408, Side::downstream, "http_request_error"},
          Case{Reason::headers_too_large, 431, Side::downstream, "http_request_error"},
          Case{Reason::overload, 503, Side::uvoy, "proxy_internal_response"}}) {
        CAPTURE(name(row.reason));
        const Failure failure = make_failure(row.reason, Phase::routing);
        CHECK(failure.status == row.status);
        CHECK(failure.side == row.side);
        CHECK(proxy_status_error(row.reason) == row.error);
    }
}

TEST_CASE("a retry class covers its reasons and no others") {
    const RetryClasses refused{.refused = true};
    CHECK(covers(refused, Reason::connect_refused));
    CHECK_FALSE(covers(refused, Reason::connect_timeout));
    const RetryClasses connect{.connect_failure = true};
    CHECK(covers(connect, Reason::connect_refused));
    CHECK(covers(connect, Reason::connect_timeout));
    CHECK_FALSE(covers(connect, Reason::stale_connection));
    const RetryClasses reset{.reset_before_response = true};
    CHECK(covers(reset, Reason::stale_connection));
    CHECK(covers(reset, Reason::reset_before_headers));
    CHECK(covers(reset, Reason::reset_in_headers));
    CHECK_FALSE(covers(reset, Reason::reset_in_body));
    CHECK_FALSE(covers(reset, Reason::rate_limited));
}

}  // namespace uvoy::proxy
