#pragma once

#include "base/result.h"
#include "http/framing.h"
#include "http/head.h"
#include "proxy/failure.h"

#include <cstdint>
#include <optional>
#include <string_view>

/// What RFC 9110 asks of an intermediary before it forwards a request.  Pure.
namespace uvoy::proxy {

/// What a request that may go on says about its way.
struct Course {
    bool expects_continue = false;              ///< section 10.1.1; only with a body, in HTTP/1.1
    std::optional<std::uint64_t> max_forwards;  ///< section 7.6.2, of TRACE and OPTIONS only

    /// Whoever has it answers it.
    bool ends_here() const { return max_forwards == std::uint64_t{0}; }
};

/// `pseudonym` is our name in Via: a request that bears it already goes round in a loop (section
/// 7.6.3).  An expectation that nobody knows is refused with 417.
Result<Course, Failure> chart_course(const http::RequestHead &head, const http::Framing &framing,
                                     std::string_view pseudonym);

}  // namespace uvoy::proxy
