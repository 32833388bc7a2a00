#include "proxy/trace_context.h"

#include "base/hex.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace uvoy::proxy {

namespace {

bool is_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// An id; all zeros is none.
bool is_id(std::string_view text) {
    return is_hex(text) && text.find_first_not_of('0') != text.npos;
}

}  // namespace

bool is_traceparent(std::string_view value) {
    constexpr std::size_t size = std::tuple_size_v<Traceparent>;
    if (value.size() < size || value[2] != '-' || value[35] != '-' || value[52] != '-')
        return false;
    const std::string_view version = value.substr(0, 2);
    if (!is_hex(version) || version == "ff") return false;
    if (value.size() > size && (version == "00" || value[size] != '-')) return false;
    return is_id(value.substr(3, 32)) && is_id(value.substr(36, 16)) && is_hex(value.substr(53, 2));
}

void make_traceparent(Traceparent &out, Random &random) {
    std::memcpy(out.data(), "00-", 3);
    write_hex(out.data() + 3, random.next());
    write_hex(out.data() + 19, random.next());
    out[35] = '-';
    // Neither id may be zero.
    write_hex(out.data() + 36, random.next() | 1);
    std::memcpy(out.data() + 52, "-01", 3);
}

}  // namespace uvoy::proxy
