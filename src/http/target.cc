#include "http/target.h"

#include "base/block.h"
#include "http/bytes.h"
#include "http/framing.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace uvoy::http {

namespace {

constexpr std::string_view scheme_end = "://";
constexpr std::size_t longest_port = 5;
constexpr unsigned largest_port = 65535;

// unreserved and sub-delims of RFC 3986 section 2.
constexpr ByteSet name_bytes = alphanumerics.with("-._~").with("!$&'()*+,;=");
constexpr ByteSet hex_digits = digits.with('a', 'f').with('A', 'F');
constexpr ByteSet ipv6_bytes = hex_digits.with(":.");

constexpr auto unusual_in_hosts = [](Block block) {
    const auto usual =
        block.letters() | block.between('0', '9') | block.equal('-') | block.equal('.');
    return ~usual.mask() & Block::all;
};

// Without escapes: DNS names have none, and a route by host could be passed by "%61dmin".
std::size_t registered_name_size(std::string_view text) {
    const char *const begin = text.data();
    const char *const end = begin + text.size();
    const char *at = find_marked(begin, end, unusual_in_hosts);
    while (at != end && name_bytes.has(*at)) ++at;
    return static_cast<std::size_t>(at - begin);
}

bool valid_ipv6(std::string_view address) {
    std::array<char, INET6_ADDRSTRLEN> text{};  // ends in a zero
    if (address.size() >= text.size() || !ipv6_bytes.spell(address)) return false;
    std::ranges::copy(address, text.begin());
    in6_addr parsed{};
    return inet_pton(AF_INET6, text.data(), &parsed) == 1;
}

// "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool valid_ip_future(std::string_view address) {
    if (!address.starts_with('v') && !address.starts_with('V')) return false;
    address.remove_prefix(1);
    const std::size_t version = hex_digits.prefix(address);
    if (version == 0 || version == address.size() || address[version] != '.') return false;
    return name_bytes.with(":").spell(address.substr(version + 1));
}

// "" or ":" or ":80".
bool valid_port_part(std::string_view part) {
    if (part.empty()) return true;
    if (part.front() != ':' || part.size() > 1 + longest_port) return false;
    unsigned port = 0;
    for (const char byte : part.substr(1)) {
        if (!digits.has(byte)) return false;
        port = port * 10 + static_cast<unsigned>(byte - '0');
    }
    return port <= largest_port;
}

void split_path(std::string_view text, Target &target) {
    const std::size_t question = text.find('?');
    target.path = text.substr(0, question);
    target.has_query = question != std::string_view::npos;
    if (target.has_query) target.query = text.substr(question + 1);
}

Result<Target, HeadError> parse_absolute(Method method, std::string_view text) {
    const std::size_t scheme = text.find(scheme_end);
    if (scheme == std::string_view::npos) return Unexpected{HeadError::malformed};
    Target target;
    target.secure = equals_ignoring_case(text.substr(0, scheme), "https");
    if (!target.secure && !equals_ignoring_case(text.substr(0, scheme), "http"))
        return Unexpected{HeadError::malformed};
    text.remove_prefix(scheme + scheme_end.size());

    target.form = Target::Form::absolute;
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    if (!valid_host(target.authority)) return Unexpected{HeadError::malformed};
    split_path(text.substr(end), target);
    if (target.path.empty())
        target.path = method == Method::options && !target.has_query ? "*" : "/";
    return target;
}

Result<Target, HeadError> parse_authority(std::string_view text) {
    // RFC 9112 section 3.2.3: the port is not optional here.
    if (!valid_host(text)) return Unexpected{HeadError::malformed};
    if (host_without_port(text).size() + 1 >= text.size()) return Unexpected{HeadError::malformed};
    Target target;
    target.form = Target::Form::authority;
    target.authority = text;
    return target;
}

}  // namespace

Result<Target, HeadError> parse_target(Method method, std::string_view text) {
    if (method == Method::connect) return parse_authority(text);
    Target target;
    if (text.starts_with('/')) {
        split_path(text, target);
        return target;
    }
    if (text == "*" && method == Method::options) {
        target.form = Target::Form::asterisk;
        return target;
    }
    return parse_absolute(method, text);
}

bool valid_host(std::string_view text) {
    if (!text.starts_with('[')) {
        const std::size_t size = registered_name_size(text);
        return size != 0 && valid_port_part(text.substr(size));
    }
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return false;
    const std::string_view address = text.substr(1, bracket - 1);
    return (valid_ipv6(address) || valid_ip_future(address)) &&
           valid_port_part(text.substr(bracket + 1));
}

std::string_view host_name(std::string_view host) {
    host = host_without_port(host);
    if (host.ends_with('.')) host.remove_suffix(1);
    return host;
}

bool same_host(std::string_view a, std::string_view b, std::string_view default_port) {
    const std::string_view host_a = host_without_port(a);
    const std::string_view host_b = host_without_port(b);
    const auto port = [default_port](std::string_view authority, std::string_view host) {
        const std::string_view part = authority.substr(host.size());
        return part.size() < 2 ? default_port : part.substr(1);
    };
    return equals_ignoring_case(host_a, host_b) && port(a, host_a) == port(b, host_b);
}

std::string_view host_without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

}  // namespace uvoy::http
