#pragma once

#include "proxy/proxy.h"
#include "server/admin_json.h"
#include "server/steering.h"

#include <string_view>

namespace uvoy::server {

proxy::LocalAnswer text_answer(int status, std::string_view body);

proxy::LocalAnswer json_answer(const Json &json);

/// RFC 9457; `detail` is a sentence, `more` an object of members beside it.
proxy::LocalAnswer problem(int status, std::string_view detail, const Json &more = Json::object());
inline proxy::LocalAnswer problem(const Refusal &refusal) {
    return problem(refusal.status, refusal.why);
}

}  // namespace uvoy::server
