#include "base/log.h"
#include "server/admin_service.h"
#include "view.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace uvoy::server {

namespace {

/// Notes what it is told, or refuses it.
struct Notes final : Steering {
    std::optional<Refusal> set_draining(bool draining) override {
        if (refusal) return refusal;
        drained.push_back(draining);
        return std::nullopt;
    }

    std::optional<Refusal> upgrade() override {
        if (!refusal) ++upgrades;
        return refusal;
    }

    std::optional<Refusal> refusal;
    int upgrades = 0;
    std::vector<bool> drained;
};

struct Header {
    std::string_view name;
    std::string_view value;
};

const std::vector<Header> proper{{"Content-Type", "application/json"}, {"X-Uvoy-Admin", "1"}};

proxy::LocalAnswer post(Notes &notes, std::string_view path, std::string_view body = {},
                        const std::vector<Header> &headers = proper,
                        AdminService::Guard guard = AdminService::Guard::names,
                        http::Method method = http::Method::post) {
    const Scene scene;
    http::RequestHead head{.method = method,
                           .version = http::Version::http11,
                           .method_text = name(method),
                           .target = path,
                           .fields = {}};
    head.fields.push_back({.name = "Host", .value = "127.0.0.1:9901", .id = http::FieldId::host});
    for (const Header &header : headers)
        head.fields.push_back({.name = header.name, .value = header.value});
    AdminService service{scene.view(), guard, &notes};
    const proxy::ServiceReply reply = service.serve(head, path, {});
    if (const auto *const answer = std::get_if<proxy::LocalAnswer>(&reply)) return *answer;
    return std::get<proxy::AfterBody>(reply).answer(body);
}

std::string detail(const proxy::LocalAnswer &answer) {
    CHECK(answer.content_type == "application/problem+json");
    return nlohmann::json::parse(answer.body).at("detail");
}

}  // namespace

TEST_CASE("drain and undrain are passed on and answered with the status") {
    Notes notes;
    const proxy::LocalAnswer answer = post(notes, "/v1/drain");
    CHECK(answer.status == 200);
    CHECK(nlohmann::json::parse(answer.body).at("version") == "1.2.3");
    CHECK(post(notes, "/v1/undrain", "{}").status == 200);
    CHECK(notes.drained == std::vector<bool>{true, false});
    notes.refusal = Refusal{409, "it is not serving"};
    const proxy::LocalAnswer refused = post(notes, "/v1/drain");
    CHECK(refused.status == 409);
    CHECK(detail(refused) == "it is not serving");
}

TEST_CASE("an upgrade is begun and its end is not waited for") {
    Notes notes;
    CHECK(post(notes, "/v1/upgrade").status == 202);
    CHECK(notes.upgrades == 1);
    notes.refusal = Refusal{409, "it is under way"};
    CHECK(post(notes, "/v1/upgrade").status == 409);
    CHECK(post(notes, "/v1/upgrade", R"({"force": true})").status == 400);
    CHECK(notes.upgrades == 1);
}

TEST_CASE("nothing is changed by GET, nor without what a web page cannot send") {
    Notes notes;
    for (const http::Method method : {http::Method::get, http::Method::head, http::Method::put}) {
        const auto answer =
            post(notes, "/v1/drain", {}, proper, AdminService::Guard::names, method);
        CHECK(answer.status == 405);
        CHECK(answer.headers.front().second == "POST");
    }
    for (const auto guard : {AdminService::Guard::none, AdminService::Guard::names}) {
        CHECK(post(notes, "/v1/drain", {}, {}, guard).status == 415);
        CHECK(post(notes, "/v1/drain", {}, {proper[0]}, guard).status == 403);
        CHECK(post(notes, "/v1/drain", {}, {proper[1]}, guard).status == 415);
        CHECK(post(notes, "/v1/drain", {}, {{"Content-Type", "text/plain"}, proper[1]}, guard)
                  .status == 415);
    }
    CHECK(notes.drained.empty());
    const std::vector<Header> charset{{"content-type", "application/JSON ; charset=utf-8"},
                                      {"x-uvoy-admin", ""}};
    CHECK(post(notes, "/v1/drain", {}, charset).status == 200);
}

TEST_CASE("on TCP a page of another origin gets nothing") {
    Notes notes;
    for (const std::string_view origin :
         {"http://evil.example", "null", "https://127.0.0.1:9901", "http://127.0.0.1:80"}) {
        CAPTURE(std::string{origin});
        const std::vector<Header> headers{proper[0], proper[1], {"Origin", origin}};
        CHECK(post(notes, "/v1/drain", {}, headers).status == 403);
        CHECK(post(notes, "/v1/drain", {}, headers, AdminService::Guard::none).status == 200);
    }
    CHECK(post(notes, "/v1/drain", {}, {proper[0], proper[1], {"Origin", "http://127.0.0.1:9901"}})
              .status == 200);
}

TEST_CASE("a body that is not understood changes nothing") {
    Notes notes;
    for (const std::string_view body : {"[]", "{", "null", "1", "{\"force\": true}", "\xff"}) {
        CAPTURE(std::string{body});
        CHECK(post(notes, "/v1/drain", body).status == 400);
    }
    CHECK(notes.drained.empty());
    CHECK(detail(post(notes, "/v1/drain", "{\"force\": true}")) == "unknown key \"force\"");
}

TEST_CASE("the log level is set by its name") {
    Notes notes;
    const log::Level before = log::level();
    CHECK(post(notes, "/v1/log-level", R"({"level": "error"})").status == 200);
    CHECK(log::level() == log::Level::error);
    for (const std::string_view body :
         {"{}", R"({"level": "loud"})", R"({"level": 3})", R"({"level": "info", "for": 3})"}) {
        CAPTURE(std::string{body});
        CHECK(post(notes, "/v1/log-level", body).status == 400);
    }
    CHECK(log::level() == log::Level::error);
    log::set_level(before);
}

}  // namespace uvoy::server
