#include "route/forwarded.h"

#include "http/bytes.h"
#include "http/framing.h"
#include "http/target.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace uvoy::route {

namespace {

using http::FieldId;

std::string_view trim(std::string_view text) {
    while (!text.empty() && http::is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && http::is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80".
std::optional<IpAddress> parse_node(std::string_view node) {
    if (node.starts_with('[')) {
        const std::size_t bracket = node.find(']');
        if (bracket == std::string_view::npos) return std::nullopt;
        const std::string_view rest = node.substr(bracket + 1);
        if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
        return IpAddress::parse(node.substr(1, bracket - 1));
    }
    const std::size_t colon = node.find(':');
    if (colon != std::string_view::npos && node.find(':', colon + 1) == std::string_view::npos)
        node = node.substr(0, colon);
    return IpAddress::parse(node);
}

bool contains(std::span<const config::TrustedProxy> trusted, const IpAddress &address) {
    return std::ranges::any_of(trusted, [&address](const config::TrustedProxy &proxy) {
        return proxy.network && proxy.network->contains(address);
    });
}

// "http" or "https" in lower case, else nothing.
std::string_view known_scheme(std::string_view text) {
    for (const std::string_view scheme : {"http", "https"})
        if (http::equals_ignoring_case(text, scheme)) return scheme;
    return {};
}

// The value of a field that stands there once.
std::string_view only_value(const http::Fields &fields, FieldId id) {
    const http::Field *const field = fields.find(id);
    return field != nullptr && fields.count(id) == 1 ? field->value : std::string_view{};
}

void read_x_forwarded(const http::Fields &fields, std::span<const config::TrustedProxy> trusted,
                      Forwarded &out) {
    bool found = false;
    for (std::size_t i = fields.size(); i-- > 0;) {
        if (fields[i].id != FieldId::x_forwarded_for) continue;
        std::string_view rest = fields[i].value;
        while (!rest.empty() && !found) {
            const std::size_t comma = rest.rfind(',');
            const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
            const std::string_view node = trim(rest.substr(begin));
            rest = rest.substr(0, comma == std::string_view::npos ? 0 : comma);
            if (node.empty()) continue;
            const auto address = parse_node(node);
            if (address) out.client = address->text();
            found = !address || !contains(trusted, *address);
        }
    }
    for (const http::Field &field : fields) {
        if (field.id != FieldId::x_forwarded_for || field.value.empty()) continue;
        if (!out.chain.empty()) out.chain += ", ";
        out.chain += field.value;
    }
    out.proto = known_scheme(only_value(fields, FieldId::x_forwarded_proto));
    const std::string_view host = only_value(fields, FieldId::x_forwarded_host);
    if (http::valid_host(host)) out.host = host;
}

// One forwarded-element of RFC 7239 section 4, without the quotes of its values.
struct Hop {
    std::string_view node;
    std::string_view proto;
    std::string_view host;
};

// token "=" ( token / quoted-string ), off the front of `text`.  No value that means something
// here needs an escape: one with a backslash is refused.
bool take_pair(std::string_view &text, Hop &hop) {
    const std::size_t name_end = http::token_bytes.prefix(text);
    if (name_end == 0 || name_end == text.size() || text[name_end] != '=') return false;
    const std::string_view name = text.substr(0, name_end);
    text.remove_prefix(name_end + 1);
    std::string_view value;
    if (text.starts_with('"')) {
        const std::size_t quote = text.find('"', 1);
        if (quote == std::string_view::npos) return false;
        value = text.substr(1, quote - 1);
        text.remove_prefix(quote + 1);
        if (value.find('\\') != std::string_view::npos) return false;
    } else {
        value = text.substr(0, http::token_bytes.prefix(text));
        if (value.empty()) return false;
        text.remove_prefix(value.size());
    }
    if (http::equals_ignoring_case(name, "for")) hop.node = value;
    else if (http::equals_ignoring_case(name, "proto")) hop.proto = value;
    else if (http::equals_ignoring_case(name, "host")) hop.host = value;
    return true;
}

// One whole element.
bool parse_hop(std::string_view text, Hop &hop) {
    for (;;) {
        text = trim(text);
        if (!text.empty() && text.front() != ';' && !take_pair(text, hop)) return false;
        text = trim(text);
        if (text.empty()) return true;
        if (text.front() != ';') return false;
        text.remove_prefix(1);
    }
}

// From the right, as proxies append: what a client wrote to the left cannot spoil it, be it an open
// quote.  An element that makes no sense, and so a comma within quotes, ends the search.
void read_standard(const http::Fields &fields, std::span<const config::TrustedProxy> trusted,
                   Forwarded &out) {
    bool found = false;
    for (std::size_t i = fields.size(); i-- > 0;) {
        if (fields[i].id != FieldId::forwarded) continue;
        std::string_view rest = fields[i].value;
        while (!rest.empty()) {
            const std::size_t comma = rest.rfind(',');
            const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
            const std::string_view element = trim(rest.substr(begin));
            rest = rest.substr(0, comma == std::string_view::npos ? 0 : comma);
            if (element.empty()) continue;
            Hop hop;
            const bool makes_sense = parse_hop(element, hop);
            const auto address = makes_sense ? parse_node(hop.node) : std::nullopt;
            if (!address) return;  // also "unknown" and "_hidden"
            out.chain.insert(0, address->text() + (out.chain.empty() ? "" : ", "));
            if (found) continue;
            out.client = address->text();
            out.proto = known_scheme(hop.proto);
            out.host = http::valid_host(hop.host) ? hop.host : std::string_view{};
            found = !contains(trusted, *address);
        }
    }
}

}  // namespace

bool is_trusted(std::span<const config::TrustedProxy> trusted, std::string_view peer) {
    if (trusted.empty()) return false;
    const auto address = IpAddress::parse(peer);
    if (address) return contains(trusted, *address);
    return std::ranges::any_of(
        trusted, [](const config::TrustedProxy &proxy) { return !proxy.network.has_value(); });
}

void read_forwarded(const http::Fields &fields, std::span<const config::TrustedProxy> trusted,
                    std::string_view peer, Forwarded &out) {
    out.client = peer;
    out.chain.clear();
    out.proto = out.host = {};
    // A proxy that writes X-Forwarded-For may pass on any Forwarded: the two are not mixed.
    if (fields.find(FieldId::x_forwarded_for) == nullptr &&
        fields.find(FieldId::forwarded) != nullptr)
        read_standard(fields, trusted, out);
    else read_x_forwarded(fields, trusted, out);
}

}  // namespace uvoy::route
