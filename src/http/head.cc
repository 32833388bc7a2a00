#include "http/head.h"

#include "http/start_line.h"

namespace uvoy::http {

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
