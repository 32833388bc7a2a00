#pragma once

#include "http/head.h"

namespace uvoy::http {

/// A request target in its parts (RFC 9112 section 3.2).  Views point into the parsed text, but for
/// the path of an absolute-form without one: "/", or for OPTIONS without a query "*", since that is
/// what the last proxy sends (section 3.2.4).
struct Target {
    enum class Form : std::uint8_t { origin, absolute, authority, asterisk };

    std::string_view path;       ///< starts with "/"; empty in authority- and asterisk-form
    std::string_view query;      ///< without the "?"
    std::string_view authority;  ///< host and port; empty in origin- and asterisk-form
    bool has_query = false;      ///< "/a?" is not "/a"
    bool secure = false;         ///< absolute-form with the scheme https
    Form form = Form::origin;
};

/// `text` is a target as parse_request() left it.  Authority-form is for CONNECT, and CONNECT for
/// it, only; asterisk-form is for OPTIONS only; absolute-form has the scheme http or https and no
/// userinfo.
Result<Target, HeadError> parse_target(Method method, std::string_view text);

/// uri-host [":" port] of RFC 3986 section 3.2.2, host not empty: a name (without escapes), an IPv4
/// address, or in brackets an IPv6 address (without zone) or one of a future version.
bool valid_host(std::string_view text);

/// Whether two valid hosts name the same, where a port that is missing or empty is `default_port`
/// (RFC 9110 section 4.2.3).
bool same_host(std::string_view a, std::string_view b, std::string_view default_port);

/// "example.com" of "example.com.:80": without the port and without the dot that says, as DNS has
/// it, that the name is complete.
std::string_view host_name(std::string_view host);

/// "example.com:80" without ":80".  `host` is a valid host.
std::string_view host_without_port(std::string_view host);

}  // namespace uvoy::http
