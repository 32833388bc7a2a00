#include "http/head.h"

#include "http/field_lines.h"
#include "http/start_line.h"

namespace uvoy::http {

namespace {

/// What parse_line() makes of the start line, and then the fields.  Returns the length of the head
/// or 0.
template <typename Head, typename ParseLine>
std::size_t parse_whole(std::string_view bytes, const HeadLimits &limits, Head &out,
                        ParseLine parse_line) {
    const std::size_t line = first_line_size(bytes);
    // As long as a target may be: longer ones with a short target are HeadScanner's to judge.
    if (line >= limits.target_bytes || bytes.substr(line, 2) != "\r\n") return 0;
    if (!parse_line(bytes.substr(0, line))) return 0;
    const std::size_t size = take_whole_fields(bytes, line + 2, limits, out.fields);
    return size <= limits.header_bytes ? size : 0;
}

}  // namespace

std::size_t parse_whole_request(std::string_view bytes, const HeadLimits &limits,
                                RequestHead &out) {
    return parse_whole(bytes, limits, out, [&](std::string_view line) {
        return parse_request_line(line, limits, out).has_value();
    });
}

std::size_t parse_whole_response(std::string_view bytes, const HeadLimits &limits,
                                 ResponseHead &out) {
    return parse_whole(bytes, limits, out, [&](std::string_view line) {
        return parse_status_line(line, out).has_value();
    });
}

Result<Parsed, HeadError> parse_request(std::string_view bytes, const HeadLimits &limits,
                                        RequestHead &out) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return Unexpected{HeadError::malformed};
    const auto start_line = parse_request_line(bytes.substr(0, end), limits, out);
    if (!start_line) return start_line;
    return parse_fields(bytes.substr(end + 2), limits, out.fields);
}

Result<Parsed, HeadError> parse_response(std::string_view bytes, const HeadLimits &limits,
                                         ResponseHead &out) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return Unexpected{HeadError::malformed};
    const auto start_line = parse_status_line(bytes.substr(0, end), out);
    if (!start_line) return start_line;
    return parse_fields(bytes.substr(end + 2), limits, out.fields);
}

}  // namespace uvoy::http
