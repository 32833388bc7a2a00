#include "http/start_line.h"

#include "base/block.h"
#include "http/bytes.h"

namespace uvoy::http {

namespace {

constexpr std::string_view version_prefix = "HTTP/";
constexpr std::size_t version_size = 8;

// A beginning that comes byte by byte is judged as often.
constexpr std::size_t judged_bytes = 64;

constexpr ByteSet target_bytes = ByteSet{}.with('!', '~').without('#');

constexpr auto outside_targets = [](Block block) {
    return ~block.between('!', '~').without(block.equal('#')).mask() & Block::all;
};

std::size_t target_size(std::string_view line) {
    const char *const begin = line.data();
    const char *const end = begin + line.size();
    return static_cast<std::size_t>(find_marked(begin, end, outside_targets) - begin);
}

Method method_of(std::string_view token) {
    if (token == "GET") return Method::get;
    for (std::size_t i = 0; i < method_count; ++i) {
        const auto method = static_cast<Method>(i);
        if (method != Method::other && name(method) == token) return method;
    }
    return Method::other;
}

// RFC 9112 section 2.3.
Result<Version, HeadError> parse_version(std::string_view text) {
    if (text == "HTTP/1.1") return Version::http11;
    if (text.size() != version_size || !text.starts_with(version_prefix) || !digits.has(text[5]) ||
        text[6] != '.' || !digits.has(text[7]))
        return Unexpected{HeadError::malformed};
    if (text[5] != '1' || text[7] > '1') return Unexpected{HeadError::unsupported_version};
    return text[7] == '1' ? Version::http11 : Version::http10;
}

}  // namespace

Result<Parsed, HeadError> parse_request_line(std::string_view line, const HeadLimits &limits,
                                             RequestHead &out) {
    const std::size_t method_end = line.starts_with("GET ") ? 3 : token_bytes.prefix(line);
    if (method_end == 0 || method_end == line.size() || line[method_end] != ' ')
        return Unexpected{HeadError::malformed};
    out.method_text = line.substr(0, method_end);
    out.method = method_of(out.method_text);
    line.remove_prefix(method_end + 1);

    const std::size_t target_end = target_size(line);
    if (target_end > limits.target_bytes) return Unexpected{HeadError::target_too_long};
    if (target_end == 0 || target_end == line.size() || line[target_end] != ' ')
        return Unexpected{HeadError::malformed};
    out.target = line.substr(0, target_end);

    const auto version = parse_version(line.substr(target_end + 1));
    if (!version) return Unexpected{version.error()};
    out.version = *version;
    return Parsed{};
}

Result<Parsed, HeadError> parse_status_line(std::string_view line, ResponseHead &out) {
    const auto version = parse_version(line.substr(0, version_size));
    if (!version) return Unexpected{version.error()};
    out.version = *version;
    line.remove_prefix(version_size);

    if (line.size() < 4 || line[0] != ' ' || !digits.spell(line.substr(1, 3)))
        return Unexpected{HeadError::malformed};
    out.status = (line[1] - '0') * 100 + (line[2] - '0') * 10 + (line[3] - '0');
    // RFC 9110 section 15 defines five classes; anything else has no meaning to relay.
    if (out.status < 100 || out.status > 599) return Unexpected{HeadError::malformed};
    const std::string_view status_text = line.substr(1);
    line.remove_prefix(4);

    if (!line.empty() && line[0] != ' ') return Unexpected{HeadError::malformed};
    out.reason_phrase = line.empty() ? line : line.substr(1);
    if (!is_text(out.reason_phrase)) return Unexpected{HeadError::malformed};
    out.status_text = out.reason_phrase.empty() ? std::string_view{} : status_text;
    return Parsed{};
}

bool may_become_request_line(std::string_view beginning) {
    beginning = beginning.substr(0, judged_bytes);
    // Of an empty line before it, the scanner leaves the first byte.
    if (beginning == "\r") return true;
    const std::size_t method_end = token_bytes.prefix(beginning);
    if (method_end == beginning.size()) return true;
    if (method_end == 0 || beginning[method_end] != ' ') return false;
    beginning.remove_prefix(method_end + 1);
    const std::size_t target_end = target_bytes.prefix(beginning);
    if (target_end == beginning.size()) return true;
    if (target_end == 0 || beginning[target_end] != ' ') return false;
    beginning.remove_prefix(target_end + 1);
    return beginning.substr(0, version_prefix.size()) == version_prefix.substr(0, beginning.size());
}

bool may_become_status_line(std::string_view beginning) {
    return beginning.substr(0, version_prefix.size()) == version_prefix.substr(0, beginning.size());
}

}  // namespace uvoy::http
