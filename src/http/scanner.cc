#include "http/head.h"

#include <cstring>
#include <optional>

namespace uvoy::http {

namespace {

// RFC 9112 section 2.2 asks for at least one empty line before the start line to be ignored.
constexpr std::size_t empty_lines_before_start = 2;

// A method, two spaces and the version beside the target.
constexpr std::size_t start_line_overhead = 64;

// The error of `length` bytes of a head without an end, or none.  Of two limits the lower one was
// passed first, however the bytes arrived.
std::optional<HeadError> over_limit(std::size_t length, bool in_start_line,
                                    const HeadLimits &limits) {
    const std::size_t start_line_bytes = limits.target_bytes + start_line_overhead;
    if (in_start_line && start_line_bytes <= limits.header_bytes && length > start_line_bytes)
        return HeadError::target_too_long;
    if (length > limits.header_bytes) return HeadError::head_too_large;
    return std::nullopt;
}

}  // namespace

Result<HeadScanner::Found, HeadError> HeadScanner::scan(std::string_view bytes,
                                                        const HeadLimits &limits) {
    while (seen_ < bytes.size()) {
        const void *const found = std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_);
        const bool in_start_line = line_ == begin_;
        if (found == nullptr) {
            seen_ = bytes.size();
            if (const auto error = over_limit(seen_ - begin_, in_start_line, limits))
                return Unexpected{*error};
            break;
        }
        const auto lf = static_cast<std::size_t>(static_cast<const char *>(found) - bytes.data());
        if (const auto error = over_limit(lf - begin_, in_start_line, limits))
            return Unexpected{*error};
        if (lf == line_ || bytes[lf - 1] != '\r') return Unexpected{HeadError::malformed};

        const bool line_is_empty = lf - 1 == line_;
        seen_ = line_ = lf + 1;
        if (!line_is_empty) continue;
        if (in_start_line) {
            begin_ = line_;
            if (dropped_ + begin_ > empty_lines_before_start * 2)
                return Unexpected{HeadError::malformed};
            continue;
        }
        if (line_ - begin_ > limits.header_bytes) return Unexpected{HeadError::head_too_large};
        return Found{begin_, line_};
    }
    return Found{begin_, 0};
}

}  // namespace uvoy::http
