#include "server/admin_service.h"

#include "config/address.h"
#include "http/framing.h"
#include "http/target.h"
#include "proxy/failure.h"
#include "server/admin_json.h"
#include "server/wall_time.h"
#include "uv/loop.h"

#include <prometheus/text_serializer.h>

#include <string>
#include <utility>

namespace uvoy::server {

namespace {

constexpr std::string_view index_text =
    "uvoy admin\n"
    "\n"
    "/metrics       everything that is counted, for Prometheus\n"
    "/healthz       200 while the process lives\n"
    "/readyz        200 while it takes requests, else 503 and why\n"
    "/v1/status     the process and its listeners\n"
    "/v1/clusters   clusters and endpoints: state, since when, why\n";

proxy::LocalAnswer problem(int status, std::string_view detail) {
    const Json json{
        {"type", "about:blank"},
        {"title", proxy::reason_phrase(status)},
        {"status", status},
        {"detail", detail},
    };
    return {.status = status,
            .content_type = "application/problem+json",
            .headers = {},
            .body = json.dump(2) + "\n"};
}

proxy::LocalAnswer text(int status, std::string_view body) {
    return {.status = status, .headers = {}, .body = std::string{body}};
}

proxy::LocalAnswer answer(const Json &json) {
    // What came from a file may be no UTF-8; dump() would throw.
    return {.content_type = "application/json",
            .headers = {},
            .body = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Moment this_moment() { return {uv::Loop::now(), unix_milliseconds()}; }

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

/// Prometheus, Kubernetes and Compose call these by a name of their own, and what they say is no
/// secret worth the trouble.
bool is_for_machines(std::string_view path) {
    return path == "/metrics" || path == "/healthz" || path == "/readyz";
}

}  // namespace

AdminService::AdminService(const ServerView &view, Guard guard)
    : view_{view}, guard_{guard}, exporter_{view} {}

proxy::LocalAnswer AdminService::serve(const http::RequestHead &head, std::string_view path,
                                       std::string_view) {
    const std::string_view host = authority(head);
    if (guard_ == Guard::names && !is_for_machines(path) && !host.empty() &&
        !is_number_or_localhost(host))
        return problem(403,
                       "use the IP address or localhost: other host names are refused, "
                       "because a web page can rebind its own name to this address");

    proxy::LocalAnswer (AdminService::*handler)() const = nullptr;
    if (path == "/") handler = &AdminService::index;
    else if (path == "/metrics") handler = &AdminService::metrics;
    else if (path == "/healthz") handler = &AdminService::health;
    else if (path == "/readyz") handler = &AdminService::ready;
    else if (path == "/v1/status") handler = &AdminService::status;
    else if (path == "/v1/clusters") handler = &AdminService::clusters;
    else return problem(404, "there is nothing here; / lists what there is");

    if (head.method != http::Method::get && head.method != http::Method::head) {
        proxy::LocalAnswer refusal = problem(405, "this is read-only: use GET or HEAD");
        refusal.headers.emplace_back("Allow", "GET, HEAD");
        return refusal;
    }
    proxy::LocalAnswer answer = (this->*handler)();
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return answer;
}

proxy::LocalAnswer AdminService::index() const { return text(200, index_text); }

proxy::LocalAnswer AdminService::health() const { return text(200, "ok\n"); }

proxy::LocalAnswer AdminService::ready() const {
    if (view_.state.draining) return text(503, "draining\n");
    if (!view_.state.serving) return text(503, "starting\n");
    return text(200, "ready\n");
}

proxy::LocalAnswer AdminService::metrics() const {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .headers = {},
            .body = prometheus::TextSerializer{}.Serialize(exporter_.Collect())};
}

proxy::LocalAnswer AdminService::status() const {
    return answer(status_json(view_, this_moment()));
}

proxy::LocalAnswer AdminService::clusters() const {
    return answer(clusters_json(view_, this_moment()));
}

}  // namespace uvoy::server
