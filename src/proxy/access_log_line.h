#pragma once

#include "base/reason.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace uvoy::proxy {

/// One exchange as the access log tells it.  Views live as long as the call that passes it.
struct ExchangeRecord {
    std::int64_t time = 0;  ///< of its end, milliseconds since 1970
    std::string_view request_id{};
    std::string_view trace_id{};
    std::string_view listener{};
    std::string_view client{};
    std::string_view protocol{};
    std::string_view method{};
    std::string_view host{};
    std::string_view path{};
    int status = 0;
    Reason reason = Reason::none;
    std::string_view route{};
    std::string_view cluster{};
    std::string_view backend{};
    std::uint32_t attempts = 0;
    std::uint64_t received = 0;  ///< bytes of the request
    std::uint64_t sent = 0;      ///< bytes of the response
    Duration duration{};
    Duration wait{-1};  ///< negative: it did not come to it; so are the next two
    Duration connect{-1};
    Duration first_byte{-1};
    std::string_view user_agent{};
    std::string_view referer{};
    // Not in JSON.
    std::string_view query{};     ///< only where a format asks for it
    std::uint64_t body_sent = 0;  ///< bytes of the response behind its head
};

/// Whether it is told where only errors are: its status is 500 or more, or would have been, had the
/// client not had another one when it was cut off.
bool is_error(const ExchangeRecord &record);

/// Writes the record as one line: a flat JSON object, its members always all there and in the order
/// above, and a line feed.  Returns its length, 0 if `out` is too small for it.  No allocation.
///
/// Absent texts are "", absent durations null, others seconds with six decimals; the time is RFC
/// 3339 in UTC with milliseconds.  Control characters, DEL included, are escaped, so that nobody
/// forges a line or reaches the terminal of who reads it; of what is not well-formed UTF-8 each
/// byte is escaped as \u00XX, the character with the byte's number.
std::size_t format_json(const ExchangeRecord &record, std::span<char> out);

}  // namespace uvoy::proxy
