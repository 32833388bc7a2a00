#include "http/bytes.h"
#include "http/framing.h"
#include "http/head.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace uvoy::http {

namespace {

struct KnownField {
    std::string_view name;
    FieldId id;
};

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
    KnownField{"tracestate", FieldId::tracestate},
    KnownField{"user-agent", FieldId::user_agent},
    KnownField{"retry-after", FieldId::retry_after},
    KnownField{"traceparent", FieldId::traceparent},
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

// Known names are found by their first byte, last byte and length.  Names that differ in case, or
// in "_" for "-", have one place: no known name begins or ends with either.
constexpr std::size_t place_count = 128;

constexpr std::size_t place_of(std::string_view name, std::size_t factor) {
    constexpr int lower_bit = 0x20;  // some that are no letters get another place, and find nobody
    const auto first = static_cast<std::size_t>(name.front() | lower_bit);
    const auto last = static_cast<std::size_t>(name.back() | lower_bit);
    return (first + last + name.size() * factor) % place_count;
}

constexpr std::uint8_t nobody = 0xff;
using Places = std::array<std::uint8_t, place_count>;

// False if two names meet at one place.
constexpr bool fill(Places &places, std::size_t factor) {
    places.fill(nobody);
    for (std::size_t i = 0; i < known_fields.size(); ++i) {
        std::uint8_t &place = places[place_of(known_fields[i].name, factor)];
        if (place != nobody) return false;
        place = static_cast<std::uint8_t>(i);
    }
    return true;
}

// The first factor of the length that gives each a place of its own.
constexpr std::size_t length_factor = [] {
    Places places{};
    for (std::size_t factor = 1; factor < place_count; ++factor)
        if (fill(places, factor)) return factor;
    return std::size_t{0};
}();
static_assert(length_factor != 0, "no factor gives each name a place: take more places");

constexpr Places places = [] {
    Places filled{};
    fill(filled, length_factor);
    return filled;
}();

constexpr std::string_view forwarded_prefix = "x-forwarded-";

template <typename Word>
Word lower_word(const char *at) {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    return word | static_cast<Word>(0x2020202020202020);
}

template <typename Word>
bool same_ends(std::string_view name, std::string_view known) {
    const std::size_t last = name.size() - sizeof(Word);
    return lower_word<Word>(name.data()) == lower_word<Word>(known.data()) &&
           lower_word<Word>(name.data() + last) == lower_word<Word>(known.data() + last);
}

/// Whether they are the same but for case.  A bit makes a letter lower case, and of what else it
/// changes nothing becomes a letter, a digit or "-", unless it is a control byte.
/// `known` is in lower case, and as long as `name`.
bool is_known(std::string_view name, std::string_view known) {
    using Long = std::uint64_t;
    using Short = std::uint32_t;
    if (name.size() > 2 * sizeof(Long))
        return same_ends<Long>(name, known) &&
               is_known(name.substr(sizeof(Long)), known.substr(sizeof(Long)));
    if (name.size() >= sizeof(Long)) return same_ends<Long>(name, known);
    if (name.size() >= sizeof(Short)) return same_ends<Short>(name, known);
    return equals_ignoring_case(name, known);
}

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

/// Of a name that is not known; `place` is the known one in its place, or empty.
[[gnu::noinline]] FieldId id_of_others(std::string_view name, std::string_view place) {
    if (place.size() == name.size() && compare(name, place) == Likeness::lookalike)
        return FieldId::lookalike;
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
    if (name.empty()) return FieldId::other;
    const std::uint8_t place = places[place_of(name, length_factor)];
    if (place != nobody && known_fields[place].name.size() == name.size()) {
        const KnownField &known = known_fields[place];
        if (is_known(name, known.name)) return known.id;
        return id_of_others(name, known.name);
    }
    if (lower(name.front()) != 'x') return FieldId::other;
    return id_of_others(name, {});
}

const Field *Fields::first(FieldId id) const {
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
    if (!has(id)) return 0;
    return static_cast<std::size_t>(
        std::count_if(begin(), end(), [id](const Field &field) { return field.id == id; }));
}

}  // namespace uvoy::http
