#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::config {

/// What a line of an access log can say about an exchange.
enum class LogField : std::uint8_t {
    time,
    request_id,
    trace_id,
    listener,
    client,
    protocol,
    method,
    host,
    path,
    status,
    reason,
    route,
    cluster,
    backend,
    attempts,
    received,
    sent,
    duration,
    wait,
    connect,
    first_byte,
    user_agent,
    referer,
    // Not in JSON: what the format "combined" needs beside them.
    common_time,  ///< 10/Oct/2000:13:55:36 +0000
    request,      ///< method, path, query and protocol
    query,
    body_sent,  ///< bytes of the response behind its head
};

/// As it is written between "%{" and "}".
std::string_view name(LogField field);

/// Text, and the field that follows it.
struct LogPart {
    std::string text;
    std::optional<LogField> field;

    friend bool operator==(const LogPart &, const LogPart &) = default;
};

/// What a line of an access log looks like.
struct LogFormat {
    std::string text = "json";   ///< as it was written
    std::vector<LogPart> parts;  ///< of a line of text; none for JSON

    bool is_json() const { return parts.empty(); }
    bool has(LogField field) const;

    friend bool operator==(const LogFormat &, const LogFormat &) = default;
};

/// "json", "combined", or a text with fields such as %{status}, in which %% is a percent sign.  The
/// error is what is wrong with it.
Result<LogFormat, std::string> parse_log_format(const std::string &text);

/// A regular expression (ECMA 262) of what is accepted.
std::string log_format_pattern();

}  // namespace uvoy::config
