#include "server/admin_guard.h"

#include "config/address.h"
#include "http/framing.h"
#include "http/target.h"

#include <string>

namespace uvoy::server {

namespace {

/// The authority that the client asked for; empty if it named none.
std::string_view authority(const http::RequestHead &head) {
    const auto target = http::parse_target(head.method, head.target);
    if (target && !target->authority.empty()) return target->authority;
    const http::Field *host = head.fields.find(http::FieldId::host);
    return host == nullptr ? std::string_view{} : host->value;
}

/// A page that rebinds its own name to this address sends that name; nobody can rebind a number.
bool is_number_or_localhost(std::string_view authority) {
    if (!http::valid_host(authority)) return false;
    std::string_view host = http::host_without_port(authority);
    if (http::equals_ignoring_case(host, "localhost")) return true;
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    return config::is_ip_literal(std::string{host});
}

const http::Field *find(const http::RequestHead &head, std::string_view name) {
    for (const http::Field &field : head.fields)
        if (http::equals_ignoring_case(field.name, name)) return &field;
    return nullptr;
}

bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    type = type.substr(0, type.find_last_not_of(" \t") + 1);
    return http::equals_ignoring_case(type, "application/json");
}

}  // namespace

std::optional<Refusal> refuse_browser_tricks(const http::RequestHead &head) {
    const std::string_view host = authority(head);
    if (!host.empty() && !is_number_or_localhost(host))
        return Refusal{403,
                       "use the IP address or localhost: other host names are refused, because a "
                       "web page can rebind its own name to this address"};
    const http::Field *const origin = find(head, "origin");
    if (origin == nullptr) return std::nullopt;
    constexpr std::string_view scheme = "http://";
    if (origin->value.starts_with(scheme) &&
        http::equals_ignoring_case(origin->value.substr(scheme.size()), host))
        return std::nullopt;
    return Refusal{403, "pages of another origin may not ask here"};
}

std::optional<Refusal> refuse_foreign_page(const http::RequestHead &head) {
    const http::Field *const site = find(head, "sec-fetch-site");
    if (site == nullptr || site->value == "same-origin" || site->value == "none")
        return std::nullopt;
    // A link that somebody follows, from a dashboard for instance.
    const http::Field *const mode = find(head, "sec-fetch-mode");
    if (mode != nullptr && mode->value == "navigate") return std::nullopt;
    return Refusal{403, "pages of another origin may not ask here"};
}

std::optional<Refusal> refuse_simple_change(const http::RequestHead &head) {
    const http::Field *const type = find(head, "content-type");
    if (type == nullptr || !is_json(type->value))
        return Refusal{415, "a change needs the header Content-Type: application/json"};
    if (find(head, "x-uvoy-admin") == nullptr)
        return Refusal{403, "a change needs the header X-Uvoy-Admin, with any value"};
    return std::nullopt;
}

}  // namespace uvoy::server
