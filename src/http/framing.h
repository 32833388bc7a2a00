#pragma once

#include "http/head.h"

namespace uvoy::http {

/// How the body of one message is delimited (RFC 9112 section 6.3).
struct Framing {
    enum class Kind : std::uint8_t {
        none,   ///< no body
        sized,  ///< `length` bytes; length > 0
        chunked,
        until_close,  ///< response only
        tunnel,       ///< 101, or 2xx to CONNECT: no HTTP after this head
    };
    Kind kind = Kind::none;
    std::uint64_t length = 0;

    friend bool operator==(const Framing &, const Framing &) = default;
};

enum class FramingError : std::uint8_t {
    bad_content_length,     ///< not a number, repeated, list, overflow
    both,                   ///< Content-Length and Transfer-Encoding
    bad_transfer_encoding,  ///< in HTTP/1.0, repeated, or chunked not last
    unknown_coding,         ///< 501 for a request
};

Result<Framing, FramingError> request_framing(const RequestHead &head);
Result<Framing, FramingError> response_framing(const ResponseHead &head, Method request_method);

/// Whether the connection may carry another message after this one (RFC 9112 section 9.3), by the
/// head alone.
bool keeps_alive(Version version, const Fields &fields);

/// Calls `visit(token)` for each element of a comma-separated list, white space removed, empty
/// elements left out (RFC 9110 section 5.6.1).
template <typename Visit>
void for_each_element(std::string_view list, Visit &&visit) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view element = list.substr(0, comma);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
        while (!element.empty() && (element.front() == ' ' || element.front() == '\t'))
            element.remove_prefix(1);
        while (!element.empty() && (element.back() == ' ' || element.back() == '\t'))
            element.remove_suffix(1);
        if (!element.empty()) visit(element);
    }
}

/// ASCII only.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace uvoy::http
