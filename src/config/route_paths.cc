#include "config/route_paths.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace uvoy::config {

namespace {

// The byte that an escape at the front of `text` stands for.
std::optional<char> escaped(std::string_view text) {
    unsigned value = 0;
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    const auto parsed = std::from_chars(text.data() + 1, text.data() + 3, value, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + 3) return std::nullopt;
    return static_cast<char>(value);
}

// Of an unfinished segment, as a prefix ends in, nobody knows what it will be.
bool has_dot_segment(std::string_view path, bool is_prefix) {
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        const bool whole = end != path.size() || !is_prefix;
        if (whole && (segment == "." || segment == "..")) return true;
        path.remove_prefix(end);
    }
    return false;
}

bool is_unreserved(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 &&
           (std::isalnum(byte) != 0 || std::string_view{"-._~"}.find(c) != std::string_view::npos);
}

// Why no request that `rules` have been applied to has this path; empty: it may.
std::string_view why_never(const PathMatch &match, const Normalize &rules) {
    using N = Normalize;
    const std::string_view path = match.text;
    const bool is_prefix = match.kind == PathMatch::Kind::prefix;
    if (path.find('\\') != path.npos) return "a backslash, which is refused";
    if (rules.dot_segments != N::DotSegments::keep && has_dot_segment(path, is_prefix))
        return "a dot segment, which is resolved or refused";
    if (rules.merge_slashes && path.find("//") != path.npos) return "\"//\", which is merged";
    for (std::size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1)) {
        if (is_prefix && path.size() - at < 3) break;  // the request has the rest of it
        const std::optional<char> byte = escaped(path.substr(at));
        if (!byte) return "a malformed escape, which is refused";
        if (is_unreserved(*byte) && rules.unreserved == N::Unreserved::decode)
            return "the escape of a letter, digit or one of -._~, which is decoded";
        if ((*byte == '/' || *byte == '\\') && rules.encoded_slashes != N::EncodedSlashes::keep)
            return "an encoded slash, which is decoded or refused";
        const auto code = static_cast<unsigned char>(*byte);
        if ((code < 0x20 || code == 0x7f) && rules.encoded_controls == N::EncodedControls::refuse)
            return "an encoded control character, which is refused";
    }
    return {};
}

}  // namespace

void check_route_paths(Context &context, const Node &routes, const Config &config) {
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        const Match &match = config.routes[i].match;
        if (match.path.kind == PathMatch::Kind::any || match.path.text.empty()) continue;
        std::string_view why;
        for (std::size_t listener = 0; listener < config.listeners.size(); ++listener) {
            if (match.listener && *match.listener != listener) continue;
            why = why_never(match.path, config.listeners[listener].normalize);
            if (why.empty()) break;
        }
        if (why.empty()) continue;
        const Node &path = *routes.items[i].find("match")->find("path");
        context.fail(path, "never matches: it holds " + std::string{why} +
                               " before routes are matched (see \"normalize\" of the listener)");
    }
}

}  // namespace uvoy::config
