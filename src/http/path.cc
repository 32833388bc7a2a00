#include "http/path.h"

#include "base/block.h"
#include "http/bytes.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace uvoy::http {

namespace {

using DotSegments = PathRules::DotSegments;
using EncodedSlashes = PathRules::EncodedSlashes;

// RFC 3986 section 2.3.
constexpr ByteSet unreserved = alphanumerics.with("-._~");

constexpr std::size_t escape_size = 3;

// Nothing in it could have another spelling.
bool is_plain(std::string_view path) {
    const char *const end = path.data() + path.size();
    Block::Mask behind_slash = 0;  // the first byte of the next block
    for (const char *at = path.data(); at < end; at += Block::size) {
        const Block block = load_block(at, end);
        const auto slashes = block.equal('/');
        const Block::Mask after_slashes = slashes.mask() << 1 | behind_slash;
        if ((block.equal('%') | block.equal('\\')).mask() != 0) return false;
        if ((after_slashes & (slashes | block.equal('.')).mask()) != 0) return false;
        behind_slash = after_slashes >> Block::size;
    }
    return true;
}

// The byte that the escape at the front of `text` stands for.
std::optional<char> unescape(std::string_view text) {
    if (text.size() < escape_size) return std::nullopt;
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<char>(high * 16 + low);
}

constexpr bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
}

// Decodes what the rules let be decoded.  False if the path is refused.
bool decode(std::string_view path, const PathRules &rules, std::string &out) {
    const bool dots_count = rules.dot_segments != DotSegments::keep;
    while (!path.empty()) {
        if (path.front() == '\\') return false;
        if (path.front() != '%') {
            out += path.front();
            path.remove_prefix(1);
            continue;
        }
        const std::optional<char> byte = unescape(path);
        if (!byte) return false;
        if (is_control(*byte) && !rules.keep_encoded_controls) return false;
        const bool slash = *byte == '/' || *byte == '\\';
        if (slash && rules.encoded_slashes == EncodedSlashes::refuse) return false;
        if (slash && rules.encoded_slashes == EncodedSlashes::decode) {
            out += '/';
        } else if (unreserved.has(*byte) &&
                   (rules.decode_unreserved || (*byte == '.' && dots_count))) {
            out += *byte;
        } else {
            out += path.substr(0, escape_size);
        }
        path.remove_prefix(escape_size);
    }
    return true;
}

bool is_dots(std::string_view segment) { return segment == "." || segment == ".."; }

// Where the first escape of one of these bytes begins, or the size.
std::size_t find_escape(std::string_view segment, std::string_view bytes) {
    for (std::size_t at = 0; at + escape_size <= segment.size(); ++at) {
        if (segment[at] != '%') continue;
        const std::optional<char> byte = unescape(segment.substr(at));
        if (byte && bytes.find(*byte) != std::string_view::npos) return at;
    }
    return segment.size();
}

// Dots to an endpoint that decodes more than we do, or that cuts path parameters off.
bool hides_dots(std::string_view segment) {
    for (;;) {
        const std::size_t end = find_escape(segment, "/\\");
        const std::string_view part = segment.substr(0, end);
        const std::size_t parameter = std::min(part.find(';'), find_escape(part, ";"));
        if (is_dots(part.substr(0, parameter))) return true;
        if (end == segment.size()) return false;
        segment.remove_prefix(end + escape_size);
    }
}

// RFC 3986 section 5.2.4, in place: what is written is never longer than what was read.
bool resolve_segments(std::string &path, const PathRules &rules) {
    const bool dots_count = rules.dot_segments != DotSegments::keep;
    std::size_t out = 0;
    for (std::size_t at = 0; at < path.size();) {  // at a "/"
        const std::size_t next = std::min(path.find('/', at + 1), path.size());
        const std::string_view segment = std::string_view{path}.substr(at + 1, next - at - 1);
        const bool last = next == path.size();
        if (dots_count && is_dots(segment)) {
            if (rules.dot_segments == DotSegments::refuse) return false;
            if (segment == ".." && out != 0) out = std::string_view{path}.substr(0, out).rfind('/');
            if (last) path[out++] = '/';
        } else if (dots_count && hides_dots(segment)) {
            return false;
        } else if (!(rules.merge_slashes && segment.empty() && !last)) {
            std::memmove(path.data() + out, path.data() + at, next - at);
            out += next - at;
        }
        at = next;
    }
    path.resize(out);
    return true;
}

}  // namespace

Result<std::string_view, HeadError> normalize_path(std::string_view path, const PathRules &rules,
                                                   std::string &buffer) {
    if (is_plain(path)) return path;
    buffer.clear();
    if (!decode(path, rules, buffer) || !resolve_segments(buffer, rules))
        return Unexpected{HeadError::malformed};
    return std::string_view{buffer};
}

}  // namespace uvoy::http
