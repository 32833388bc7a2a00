#include "http/trailers.h"

#include "http/framing.h"

#include <algorithm>
#include <array>

namespace uvoy::http {

bool allowed_in_trailers(const Field &field) {
    switch (field.id) {
        case FieldId::date:
        case FieldId::proxy_status:
        case FieldId::referer:
        case FieldId::retry_after:
        case FieldId::server:
        case FieldId::user_agent:
        case FieldId::via:
            return true;
        case FieldId::other:
            break;
        default:
            return false;
    }
    static constexpr std::array<std::string_view, 9> forbidden{
        "authorization", "cache-control",    "content-encoding", "content-range", "content-type",
        "range",         "www-authenticate", "set-cookie",       "location"};
    return std::ranges::none_of(forbidden, [&field](std::string_view name) {
        return equals_ignoring_case(field.name, name);
    });
}

}  // namespace uvoy::http
