#include "server/admin_service.h"

#include "server/admin_answer.h"
#include "server/admin_explain.h"
#include "server/admin_guard.h"
#include "server/admin_page.h"
#include "server/admin_readers.h"
#include "server/exposition.h"
#include "server/metrics_exporter.h"
#include "uv/loop.h"

#include <time.h>

#include <string>
#include <utility>

namespace uvoy::server {

namespace {

constexpr std::string_view index_text =
    "uvoy admin: a browser gets a page here\n"
    "\n"
    "/metrics       everything that is counted, for Prometheus\n"
    "/healthz       200 while the process lives\n"
    "/readyz        200 while it takes requests, else 503 and why\n"
    "/v1/status     the process and its listeners\n"
    "/v1/clusters   clusters and endpoints: state, since when, why\n"
    "/v1/listeners  timeouts, limits, clients and requests of each\n"
    "/v1/routes     in the order in which they are asked, with their requests\n"
    "/v1/limits     rate limits: who has them, admitted, rejected\n"
    "/v1/workers    threads: clients, requests, how busy, how late\n"
    "/v1/config     the configuration in use, references as written, without its secret\n"
    "/v1/failures   the last failures, newest first; ?limit=100&reason=...&cluster=...\n"
    "\n"
    "with Content-Type: application/json and X-Uvoy-Admin: 1, or by uvoy ctl:\n"
    "POST /v1/drain       out of the rotation: /readyz says 503, answers close connections\n"
    "POST /v1/undrain     back again\n"
    "PATCH /v1/clusters/X/endpoints/Y\n"
    "                     {\"state\": \"drain\", \"weight\": 2}: ready, drain, maintenance\n"
    "POST /v1/upgrade     the program on disk takes over; /v1/status says how it goes\n"
    "POST /v1/log-level   {\"level\": \"debug\"}, info, warning or error\n"
    "POST /v1/reload      the configuration file: says what changed, or every mistake\n"
    "POST /v1/explain     {\"method\": \"GET\", \"url\": \"http://host/path\", \"headers\": []}:\n"
    "                     where that request would go now, and why; changes nothing\n"
    "POST /v1/diff        {\"text\": ...}: what a reload would change if that were the file\n";

/// Prometheus, Kubernetes and Compose call these by a name of their own, and what they say is no
/// secret worth the trouble.
bool is_for_machines(std::string_view path) {
    return path == "/metrics" || path == "/healthz" || path == "/readyz";
}

/// CPU time: what others on a busy machine take is not the fault of who asks.
Duration thread_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

proxy::LocalAnswer not_allowed(std::string_view allowed) {
    proxy::LocalAnswer refusal =
        problem(405, std::string{"what may be done here: "}.append(allowed));
    refusal.headers.emplace_back("Allow", allowed);
    return refusal;
}

proxy::LocalAnswer guarded(proxy::LocalAnswer answer) {
    answer.headers.emplace_back("Cache-Control", "no-store");
    answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return answer;
}

}  // namespace

AdminService::AdminService(const ServerView &view, Guard guard, Steering *steering)
    : view_{view}, guard_{guard}, changes_{*view_, steering} {}

proxy::ServiceReply AdminService::serve(const http::RequestHead &head, std::string_view path,
                                        std::string_view query) {
    if (guard_ == Guard::names)
        if (const auto refusal = refuse_foreign_page(head)) return problem(*refusal);
    if (guard_ == Guard::names && !is_for_machines(path))
        if (const auto refusal = refuse_browser_tricks(head)) return problem(*refusal);
    if (const AdminChanges::Handler change = AdminChanges::find(path)) {
        if (head.method != http::Method::post) return not_allowed("POST");
        return take(head, AdminChanges::most_body(path), [this, change](std::string_view body) {
            return guarded(changes_.run(change, body));
        });
    }
    if (path == "/v1/explain") {
        if (head.method != http::Method::post) return not_allowed("POST");
        return take(head, most_question, [this](std::string_view body) {
            return guarded(within_budget([&] { return explain_answer(*view_, body); }));
        });
    }
    if (auto endpoint = AdminChanges::find_endpoint(path)) {
        if (head.method != http::Method::patch) return not_allowed("PATCH");
        return take(head, AdminChanges::most_body(path),
                    [this, endpoint = std::move(*endpoint)](std::string_view body) {
                        return guarded(changes_.run(endpoint, body));
                    });
    }
    const Page found = path == "/" && wants_page(head) ? &AdminService::page : page_of(path);
    const AdminReader reader = find_reader(path);
    if (found == nullptr && reader == nullptr)
        return problem(404, "there is nothing here; / lists what there is");
    if (head.method != http::Method::get && head.method != http::Method::head)
        return not_allowed("GET, HEAD");
    // These two take no time, and who asks them draws conclusions.
    if (path == "/healthz" || path == "/readyz") return guarded((this->*found)());
    return guarded(within_budget([&] {
        if (view_->catch_up) view_->catch_up();
        return found != nullptr ? (this->*found)() : reader(*view_, Query{query});
    }));
}

AdminService::Page AdminService::page_of(std::string_view path) {
    if (path == "/") return &AdminService::index;
    if (path == "/metrics") return &AdminService::metrics;
    if (path == "/healthz") return &AdminService::health;
    if (path == "/readyz") return &AdminService::ready;
    return nullptr;
}

proxy::ServiceReply AdminService::take(const http::RequestHead &head, std::size_t most,
                                       std::function<proxy::LocalAnswer(std::string_view)> change) {
    if (const auto refusal = refuse_simple_change(head)) return problem(*refusal);
    return proxy::AfterBody{.answer = std::move(change), .most = most};
}

proxy::LocalAnswer AdminService::within_budget(const std::function<proxy::LocalAnswer()> &answer) {
    if (!budget_.has_room(uv::Loop::now())) {
        proxy::LocalAnswer refusal = problem(503, "too many questions: health checks come first");
        refusal.headers.emplace_back("Retry-After", "1");
        return refusal;
    }
    const Duration before = thread_time();
    proxy::LocalAnswer made = answer();
    budget_.spend(thread_time() - before);
    return made;
}

proxy::LocalAnswer AdminService::index() const {
    proxy::LocalAnswer answer = text_answer(200, index_text);
    answer.headers.emplace_back("Vary", "Accept");
    return answer;
}

proxy::LocalAnswer AdminService::page() const { return page_answer(); }

proxy::LocalAnswer AdminService::health() const { return text_answer(200, "ok\n"); }

proxy::LocalAnswer AdminService::ready() const {
    if (view_->state.draining) return text_answer(503, "draining\n");
    if (!view_->state.serving) return text_answer(503, "starting\n");
    return text_answer(200, "ready\n");
}

proxy::LocalAnswer AdminService::metrics() const {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .headers = {},
            .body = exposition(MetricsExporter{*view_}.Collect())};
}

}  // namespace uvoy::server
