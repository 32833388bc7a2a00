#include "server/admin_service.h"

#include "server/admin_budget.h"
#include "view.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace uvoy::server {

namespace {

proxy::LocalAnswer ask(const Scene &scene, std::string_view path,
                       std::string_view host = "127.0.0.1:9901",
                       http::Method method = http::Method::get,
                       AdminService::Guard guard = AdminService::Guard::names) {
    http::RequestHead head{.method = method,
                           .version = http::Version::http11,
                           .method_text = name(method),
                           .target = path,
                           .fields = {}};
    if (host.data() != nullptr)
        head.fields.push_back({.name = "Host", .value = host, .id = http::FieldId::host});
    return std::get<proxy::LocalAnswer>(AdminService{scene.view(), guard}.serve(head, path, {}));
}

std::string header(const proxy::LocalAnswer &answer, std::string_view name) {
    for (const auto &[key, value] : answer.headers)
        if (key == name) return value;
    return {};
}

}  // namespace

TEST_CASE("every path that the index lists answers") {
    const Scene scene;
    const std::string index = ask(scene, "/").body;
    for (const std::string path :
         {"/metrics", "/healthz", "/readyz", "/v1/status", "/v1/clusters", "/v1/listeners",
          "/v1/routes", "/v1/limits", "/v1/workers", "/v1/config", "/v1/failures"}) {
        CAPTURE(path);
        CHECK(index.find("\n" + path + " ") != std::string::npos);
        const proxy::LocalAnswer answer = ask(scene, path);
        CHECK(answer.status == 200);
        CHECK_FALSE(answer.body.empty());
        CHECK(header(answer, "Cache-Control") == "no-store");
    }
    CHECK(ask(scene, "/metrics").content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(ask(scene, "/healthz").body == "ok\n");
}

TEST_CASE("readiness follows the life of the process") {
    Scene scene;
    scene.state.serving = false;
    CHECK(ask(scene, "/readyz").status == 503);
    CHECK(ask(scene, "/readyz").body == "starting\n");
    scene.state.serving = true;
    CHECK(ask(scene, "/readyz").status == 200);
    scene.state.draining = true;
    CHECK(ask(scene, "/readyz").status == 503);
    CHECK(ask(scene, "/readyz").body == "draining\n");
    CHECK(ask(scene, "/healthz").status == 200);
}

TEST_CASE("what is unknown or would write is refused as problem+json") {
    const Scene scene;
    const proxy::LocalAnswer unknown = ask(scene, "/v1/nothing");
    CHECK(unknown.status == 404);
    CHECK(unknown.content_type == "application/problem+json");
    const auto json = nlohmann::json::parse(unknown.body);
    CHECK(json["status"] == 404);
    CHECK(json["title"] == "Not Found");
    CHECK(json["type"] == "about:blank");

    const proxy::LocalAnswer post = ask(scene, "/v1/status", "127.0.0.1", http::Method::post);
    CHECK(post.status == 405);
    CHECK(header(post, "Allow") == "GET, HEAD");
    CHECK(ask(scene, "/v1/status", "127.0.0.1", http::Method::head).status == 200);
}

TEST_CASE("on TCP only numbers and localhost get in, so that DNS rebinding does not") {
    const Scene scene;
    for (const std::string host : {"127.0.0.1", "127.0.0.1:9901", "[::1]:9901", "[::1]",
                                   "localhost", "LocalHost:9901", "192.0.2.7:80"}) {
        CAPTURE(host);
        CHECK(ask(scene, "/v1/clusters", host).status == 200);
    }
    for (const std::string host : {"evil.example", "evil.example:9901", "localhost.evil.example",
                                   "127.0.0.1.evil.example", "[::1].evil.example", ""}) {
        CAPTURE(host);
        const int expected = host.empty() ? 200 : 403;
        CHECK(ask(scene, "/v1/clusters", host).status == expected);
        CHECK(ask(scene, "/v1/status", host).status == expected);
        CHECK(ask(scene, "/metrics", host).status == 200);  // Prometheus knows it by name
        CHECK(ask(scene, "/healthz", host).status == 200);
        CHECK(
            ask(scene, "/v1/clusters", host, http::Method::get, AdminService::Guard::none).status ==
            200);
    }
    CHECK(ask(scene, "/healthz", {}).status == 200);  // HTTP/1.0
    http::RequestHead absolute{.method = http::Method::get,
                               .version = http::Version::http11,
                               .method_text = "GET",
                               .target = "http://evil.example/v1/status",
                               .fields = {}};
    AdminService service{scene.view(), AdminService::Guard::names};
    CHECK(std::get<proxy::LocalAnswer>(service.serve(absolute, "/v1/status", {})).status == 403);
}

TEST_CASE("on TCP a page of another origin may not even ask, but lead here") {
    const Scene scene;
    const auto asked = [&](const char *site, const char *mode, const char *path) {
        http::RequestHead head{.method = http::Method::get,
                               .version = http::Version::http11,
                               .method_text = "GET",
                               .target = path,
                               .fields = {}};
        for (const auto &[name, value] :
             {std::pair{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", mode}})
            head.fields.push_back({.name = name, .value = value, .id = http::field_id(name)});
        AdminService service{scene.view(), AdminService::Guard::names};
        return std::get<proxy::LocalAnswer>(service.serve(head, path, {})).status;
    };
    for (const char *path : {"/metrics", "/v1/clusters"}) {
        CHECK(asked("cross-site", "no-cors", path) == 403);
        CHECK(asked("same-site", "cors", path) == 403);
        CHECK(asked("same-origin", "cors", path) == 200);
        CHECK(asked("none", "navigate", path) == 200);
        CHECK(asked("cross-site", "navigate", path) == 200);
    }
}

TEST_CASE("the configuration is told as it may be shown, and as null where there is no file") {
    Scene scene;
    CHECK(nlohmann::json::parse(ask(scene, "/v1/config").body)["config"].is_null());
    scene.state.config_shown = "{\"listeners\": {}}";
    const auto json = nlohmann::json::parse(ask(scene, "/v1/config").body);
    CHECK(json["config"]["listeners"].is_object());
    CHECK(json["path"] == "uvoy.json");
    CHECK(json["hash"] == "c0ffee");
}

TEST_CASE("who asks without end is refused before health checks are late, but not what is short") {
    const Scene scene;
    AdminBudget budget;
    const TimePoint now{std::chrono::hours{1}};
    CHECK(budget.has_room(now));
    budget.spend(std::chrono::milliseconds{300});
    CHECK_FALSE(budget.has_room(now));
    CHECK_FALSE(budget.has_room(now + std::chrono::milliseconds{130}));
    CHECK(budget.has_room(now + std::chrono::milliseconds{140}));
    CHECK(budget.has_room(now + std::chrono::hours{1}));
    budget.spend(std::chrono::milliseconds{201});  // no more is saved up
    CHECK_FALSE(budget.has_room(now + std::chrono::hours{1}));
}

TEST_CASE("names that are no UTF-8 do not stop the API") {
    config::Config config = small_config();
    config.clusters[0].name = "caf\xe9";
    const Scene scene{std::move(config)};
    CHECK(ask(scene, "/v1/clusters").status == 200);
}

}  // namespace uvoy::server
