#include "server/admin_failures.h"

#include "server/admin_service.h"
#include "view.h"

#include <doctest/doctest.h>

namespace uvoy::server {

using namespace std::chrono_literals;

namespace {

/// 2024-02-29T12:00:00.250Z
constexpr std::int64_t leap_day = 1'709'208'000'250;

void record(Scene &scene, std::size_t worker, Reason reason, std::int64_t time,
            std::string_view cluster, bool retried = false) {
    const proxy::ExchangeRecord exchange{.time = time,
                                         .listener = "web",
                                         .client = "192.0.2.1",
                                         .method = "GET",
                                         .host = "h",
                                         .path = "/caf\xe9",
                                         .status = retried ? 0 : 503,
                                         .reason = reason,
                                         .cluster = cluster,
                                         .backend = "a",
                                         .attempts = 1,
                                         .duration = 1500us};
    scene.recorders[worker]->record(exchange, proxy::make_failure(reason, proxy::Phase::connecting),
                                    retried);
}

Json failures(const Scene &scene, std::string_view query) {
    const auto filter = failure_filter(Query{query});
    REQUIRE(std::holds_alternative<FailureFilter>(filter));
    return flight_json(scene.view(), std::get<FailureFilter>(filter));
}

int status(const Scene &scene, std::string_view path, std::string_view query) {
    const http::RequestHead head{.method = http::Method::get,
                                 .version = http::Version::http11,
                                 .method_text = "GET",
                                 .target = path,
                                 .fields = {}};
    AdminService service{scene.view(), AdminService::Guard::none};
    const auto answer = std::get<proxy::LocalAnswer>(service.serve(head, path, query));
    CHECK(answer.content_type ==
          (answer.status == 200 ? "application/json" : "application/problem+json"));
    return answer.status;
}

}  // namespace

TEST_CASE("failures of all workers come in one list, the newest first") {
    Scene scene;
    CHECK(failures(scene, "").dump() ==
          R"({"failures":[],"matching":0,"counts":{"failed":{},"retried":{}}})");
    record(scene, 0, Reason::connect_refused, leap_day, "app");
    record(scene, 1, Reason::first_byte_timeout, leap_day + 5, "app");
    record(scene, 0, Reason::connect_refused, leap_day + 9, "cache", true);
    const Json json = failures(scene, "");
    REQUIRE(json["failures"].size() == 3);
    CHECK(json["matching"] == 3);
    CHECK(json["counts"].dump() == R"({"failed":{"connect_refused":1,"first_byte_timeout":1},)"
                                   R"("retried":{"connect_refused":1}})");
    CHECK(json["failures"][0]["outcome"] == "retried");
    CHECK(json["failures"][0]["status"].is_null());
    CHECK(json["failures"][1]["worker"] == 1);
    CHECK(json["failures"][2].dump(-1, ' ', false, Json::error_handler_t::replace) ==
          R"({"time":"2024-02-29T12:00:00.250Z","outcome":"failed","reason":"connect_refused",)"
          R"("phase":"connecting","side":"upstream","status":503,"listener":"web","route":null,)"
          R"("cluster":"app","endpoint":"a","attempts":1,"duration_seconds":0.0015,)"
          R"("wait_seconds":null,"connect_seconds":null,"first_byte_seconds":null,)"
          R"("method":"GET","host":"h","path":"/caf)"
          "\xef\xbf\xbd"
          R"(","client":"192.0.2.1","request_id":null,"worker":0,"more":0})");
}

TEST_CASE("a query chooses among failures") {
    Scene scene;
    for (int i = 0; i < 10; ++i) {
        record(scene, 0, Reason::connect_refused, leap_day + i, "app");
        record(scene, 1, Reason::no_healthy_endpoint, leap_day + i, "cache");
    }
    CHECK(failures(scene, "limit=3")["failures"].size() == 3);
    CHECK(failures(scene, "limit=3")["matching"] == 20);
    CHECK(failures(scene, "reason=connect_refused")["matching"] == 10);
    CHECK(failures(scene, "cluster=cache&reason=connect_refused")["matching"] == 0);
    CHECK(failures(scene, "cluster=ca%63he")["matching"] == 10);
    CHECK(failures(scene, "cluster=nobody")["matching"] == 0);
}

TEST_CASE("a query that makes no sense is refused") {
    const Scene scene;
    for (const char *query : {"", "limit=1", "limit=10000", "reason=overload&", "cluster="})
        CHECK_MESSAGE(status(scene, "/v1/failures", query) == 200, query);
    for (const char *query :
         {"limit=0", "limit=10001", "limit=-1", "limit=1x", "limit=", "limit", "limit=%31%00",
          "limit=99999999999999999999", "limit=1&limit=2", "reason=", "reason=none",
          "reason=nonsense", "LIMIT=1", "x=1", "=", "limit=1&%6cimit=2"})
        CHECK_MESSAGE(status(scene, "/v1/failures", query) == 400, query);
    for (const char *path : {"/v1/status", "/v1/clusters"}) {
        CHECK(status(scene, path, "") == 200);
        CHECK(status(scene, path, "x=1") == 400);
    }
}

}  // namespace uvoy::server
