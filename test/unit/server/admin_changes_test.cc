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

    ReloadResult reload() override { return result; }
    ReloadResult preview(std::string_view text) const override {
        return text == "{" ? ReloadResult{.problems = {"f:1:2: error: it ends"}} : result;
    }

    std::optional<Refusal> change_endpoint(const EndpointChange &change) override {
        if (!refusal) changes.push_back(change);
        return refusal;
    }

    std::optional<Refusal> refusal;
    std::vector<EndpointChange> changes;
    int upgrades = 0;
    std::vector<bool> drained;
    ReloadResult result;
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

TEST_CASE("an endpoint's state and weight are changed by PATCH") {
    Notes notes;
    const auto patch = [&](std::string_view path, std::string_view body) {
        return post(notes, path, body, proper, AdminService::Guard::names, http::Method::patch)
            .status;
    };
    CHECK(patch("/v1/clusters/app/endpoints/a:1", R"({"state": "drain"})") == 200);
    CHECK(patch("/v1/clusters/app/endpoints/unix:%2Frun%2fx%", R"({"weight": 1000})") == 200);
    REQUIRE(notes.changes.size() == 2);
    CHECK(notes.changes[0].cluster == "app");
    CHECK(notes.changes[0].endpoint == "a:1");
    CHECK(notes.changes[0].duty == cluster::Duty::drain);
    CHECK(notes.changes[0].weight == std::nullopt);
    CHECK(notes.changes[1].endpoint == "unix:/run/x%");
    CHECK(notes.changes[1].weight == 1000);
    for (const std::string_view body :
         {"", "{}", R"({"state": "gone"})", R"({"state": 1})", R"({"weight": 0})",
          R"({"weight": 1001})", R"({"weight": 1.5})", R"({"weight": -1})", R"({"wait": 1})"}) {
        CAPTURE(std::string{body});
        CHECK(patch("/v1/clusters/app/endpoints/a", body) == 400);
    }
    CHECK(post(notes, "/v1/clusters/app/endpoints/a", R"({"weight": 1})").status == 405);
    CHECK(patch("/v1/clusters/app", R"({"weight": 1})") == 404);
    CHECK(notes.changes.size() == 2);
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

TEST_CASE("a reload tells what has changed, or every mistake") {
    Notes notes;
    notes.result.changes = {
        {.kind = ConfigChange::Kind::added, .type = "cluster", .name = "cache"}};
    const proxy::LocalAnswer done = post(notes, "/v1/reload");
    CHECK(done.status == 200);
    CHECK(Json::parse(done.body)["changes"].dump() ==
          R"([{"type":"cluster","name":"cache","change":"added"}])");
    notes.result = {.problems = {"one", "two"}};
    const proxy::LocalAnswer failed = post(notes, "/v1/reload");
    CHECK(failed.status == 422);
    CHECK(failed.content_type == "application/problem+json");
    CHECK(Json::parse(failed.body)["problems"].dump() == R"(["one","two"])");
}

TEST_CASE("a difference tells which keys would move, and changes nothing") {
    Notes notes;
    notes.result.moved = {{.cluster = "app", .share = 0.25}};
    const proxy::LocalAnswer told = post(notes, "/v1/diff", R"({"text": "{}"})");
    CHECK(told.status == 200);
    CHECK(Json::parse(told.body)["keys_moved"].dump() == R"([{"cluster":"app","share":0.25}])");
    CHECK(post(notes, "/v1/diff", R"({"text": "{"})").status == 422);
    CHECK(post(notes, "/v1/diff", R"({"text": 1})").status == 400);
    CHECK(post(notes, "/v1/diff").status == 400);
}

}  // namespace uvoy::server
