#include "config/http_names.h"
#include "config/parse_address.h"
#include "config/tables.h"

#include <algorithm>

namespace uvoy::config {

namespace {

using Wrong = Unexpected<std::string>;

Result<HostMatch, std::string> parse_host_match(const std::string &string) {
    std::string host = to_lower(string);
    if (host == "*") return Wrong{"leave \"host\" out to match any host"};
    if (host.starts_with("*.") && is_host_name(host.substr(2)) && !host.ends_with('.'))
        return HostMatch{HostMatch::Kind::suffix, host.substr(1)};
    const bool in_brackets = host.starts_with('[') && host.ends_with(']') &&
                             is_ip_literal(host.substr(1, host.size() - 2));
    if (host.ends_with('.') && is_host_name(host))
        return Wrong{"leave the final dot of " + quote(string) +
                     " out; hosts are matched without it"};
    if (is_host_name(host) || in_brackets) return HostMatch{HostMatch::Kind::exact, host};
    if (host.find(':') != host.npos && host.front() != '[')
        return Wrong{quote(string) + " has a port; hosts are matched without it"};
    return Wrong{quote(string) + " is not a host name or \"*.suffix\""};
}

Type<HostMatch> host_match() {
    return string_type<HostMatch>({.expects = "a host name or \"*.suffix\"",
                                   .pattern = "(?:\\*\\.)?[A-Za-z0-9_.-]+|\\[[0-9A-Fa-f:.]+\\]"},
                                  parse_host_match, [](const HostMatch &) { return json_null(); });
}

Result<std::string, std::string> parse_path(const std::string &string) {
    constexpr std::size_t longest = 4096;
    const bool printable =
        std::all_of(string.begin(), string.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!string.starts_with('/')) return Wrong{quote(string) + " does not begin with \"/\""};
    if (string.find_first_of("?#") != string.npos)
        return Wrong{quote(string) + " holds \"?\" or \"#\", which are not part of a path"};
    if (!printable)
        return Wrong{quote(string) + " holds bytes that a path has in percent-encoding only"};
    if (string.size() > longest) return Wrong{"longer than 4096 bytes"};
    return string;
}

Type<std::string> path() {
    return string_type<std::string>({.expects = "a path such as \"/api\"", .pattern = "/[^?#\\s]*"},
                                    parse_path, json_string);
}

Type<PathMatch> exact_path() {
    return string_type<PathMatch>(
        {.expects = "a path such as \"/api\"", .pattern = "/[^?#\\s]*"},
        [](const std::string &string) -> Result<PathMatch, std::string> {
            Result<std::string, std::string> parsed = parse_path(string);
            if (!parsed) return Wrong{parsed.error()};
            return PathMatch{PathMatch::Kind::exact, std::move(*parsed)};
        },
        [](const PathMatch &) { return json_null(); });
}

std::string &prefix_of(PathMatch &match) {
    match.kind = PathMatch::Kind::prefix;
    return match.text;
}

const Table<PathMatch> &path_match_table() {
    static const Table<PathMatch> table{
        .noun = "a path pattern",
        .keys = {
            required(key<PathMatch>("prefix", prefix_of, path(), "what the path begins with"))}};
    return table;
}

}  // namespace

const Table<Match> &match_table() {
    using T = Match;
    static const Table<T> table{
        .noun = "a match",
        .keys = {derived(key<T>("listener", &T::listener,
                                optional_of(reference_to("listeners", "listener")),
                                "name of the listener that the request came through"),
                         "any"),
                 derived(key<T>("host", &T::host, host_match(),
                                "the request's host, without port: exact or \"*.suffix\""),
                         "any"),
                 derived(key<T>("path", &T::path, either(exact_path(), object(path_match_table())),
                                "the request's path: exact, or {\"prefix\": ...}"),
                         "any")}};
    return table;
}

}  // namespace uvoy::config
