#include "server/admin_answer.h"

#include "proxy/failure.h"

#include <string>

namespace uvoy::server {

namespace {

/// What came from a file or from a client may be no UTF-8; dump() alone would throw.
std::string dump(const Json &json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

proxy::LocalAnswer text_answer(int status, std::string_view body) {
    return {.status = status, .headers = {}, .body = std::string{body}};
}

proxy::LocalAnswer json_answer(const Json &json) {
    return {.content_type = "application/json", .headers = {}, .body = dump(json)};
}

proxy::LocalAnswer problem(int status, std::string_view detail, const Json &more) {
    Json json{
        {"type", "about:blank"},
        {"title", proxy::reason_phrase(status)},
        {"status", status},
        {"detail", detail},
    };
    json.update(more);
    return {.status = status,
            .content_type = "application/problem+json",
            .headers = {},
            .body = dump(json)};
}

}  // namespace uvoy::server
