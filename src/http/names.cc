#include "http/bytes.h"
#include "http/framing.h"
#include "http/head.h"

#include <algorithm>
#include <array>

namespace uvoy::http {

namespace {

struct KnownField {
    std::string_view name;
    FieldId id;
};

constexpr std::size_t longest_known = 19;

// Sorted by length, so that a look-up compares with the few names of its own length only.
constexpr std::array known_fields{
    KnownField{"te", FieldId::te},
    KnownField{"via", FieldId::via},
    KnownField{"date", FieldId::date},
    KnownField{"host", FieldId::host},
    KnownField{"cookie", FieldId::cookie},
    KnownField{"expect", FieldId::expect},
    KnownField{"server", FieldId::server},
    KnownField{"referer", FieldId::referer},
    KnownField{"trailer", FieldId::trailer},
    KnownField{"upgrade", FieldId::upgrade},
    KnownField{"forwarded", FieldId::forwarded},
    KnownField{"x-real-ip", FieldId::x_real_ip},
    KnownField{"connection", FieldId::connection},
    KnownField{"keep-alive", FieldId::keep_alive},
    KnownField{"user-agent", FieldId::user_agent},
    KnownField{"retry-after", FieldId::retry_after},
    KnownField{"max-forwards", FieldId::max_forwards},
    KnownField{"proxy-status", FieldId::proxy_status},
    KnownField{"x-request-id", FieldId::x_request_id},
    KnownField{"x-uvoy-attempt", FieldId::x_uvoy_attempt},
    KnownField{"content-length", FieldId::content_length},
    KnownField{"http2-settings", FieldId::http2_settings},
    KnownField{"x-forwarded-for", FieldId::x_forwarded_for},
    KnownField{"proxy-connection", FieldId::proxy_connection},
    KnownField{"x-forwarded-host", FieldId::x_forwarded_host},
    KnownField{"transfer-encoding", FieldId::transfer_encoding},
    KnownField{"x-forwarded-proto", FieldId::x_forwarded_proto},
    KnownField{"proxy-authenticate", FieldId::proxy_authenticate},
    KnownField{"proxy-authorization", FieldId::proxy_authorization},
};

static_assert(known_fields.size() == static_cast<std::size_t>(FieldId::x_uvoy_attempt));
static_assert(std::ranges::is_sorted(known_fields, {},
                                     [](const KnownField &field) { return field.name.size(); }));
static_assert(known_fields.back().name.size() == longest_known);

// first_of_length[n] .. first_of_length[n + 1]: the names of n bytes.
constexpr auto first_of_length = [] {
    std::array<std::uint8_t, longest_known + 2> first{};
    for (std::size_t length = 0; length < first.size(); ++length)
        for (const KnownField &field : known_fields)
            if (field.name.size() < length) ++first[length];
    return first;
}();

constexpr std::string_view forwarded_prefix = "x-forwarded-";

enum class Likeness : std::uint8_t { different, lookalike, same };

// `known` is in lower case, and as long as `name`.
Likeness compare(std::string_view name, std::string_view known) {
    Likeness likeness = Likeness::same;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (lower(name[i]) == known[i]) continue;
        if (name[i] != '_' || known[i] != '-') return Likeness::different;
        likeness = Likeness::lookalike;
    }
    return likeness;
}

constexpr std::array<std::string_view, method_count> method_names{
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "other",
};

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
    return true;
}

std::string_view name(Method method) { return method_names[static_cast<std::size_t>(method)]; }

bool is_idempotent(Method method) {
    switch (method) {
        case Method::get:
        case Method::head:
        case Method::put:
        case Method::delete_:
        case Method::options:
        case Method::trace:
            return true;
        case Method::post:
        case Method::connect:
        case Method::patch:
        case Method::other:
            return false;
    }
    return false;
}

FieldId field_id(std::string_view name) {
    if (name.size() <= longest_known) {
        for (std::size_t i = first_of_length[name.size()]; i < first_of_length[name.size() + 1];
             ++i) {
            const Likeness likeness = compare(name, known_fields[i].name);
            if (likeness == Likeness::same) return known_fields[i].id;
            if (likeness == Likeness::lookalike) return FieldId::lookalike;
        }
    }
    if (name.size() <= forwarded_prefix.size()) return FieldId::other;
    switch (compare(name.substr(0, forwarded_prefix.size()), forwarded_prefix)) {
        case Likeness::same:
            return FieldId::x_forwarded_other;
        case Likeness::lookalike:
            return FieldId::lookalike;
        case Likeness::different:
            break;
    }
    return FieldId::other;
}

const Field *Fields::find(FieldId id) const {
    for (const Field &field : *this)
        if (field.id == id) return &field;
    return nullptr;
}

const Field *Fields::find(std::string_view name) const {
    for (const Field &field : *this)
        if (equals_ignoring_case(field.name, name)) return &field;
    return nullptr;
}

std::size_t Fields::count(FieldId id) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(*this, [id](const Field &field) { return field.id == id; }));
}

}  // namespace uvoy::http
