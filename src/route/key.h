#pragma once

#include "config/config.h"
#include "http/head.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace uvoy::route {

/// What keys of the ring and of rate limits are made of.
struct KeyInput {
    std::string_view path;   ///< without query
    std::string_view query;  ///< without "?"
    std::string_view host;
    std::string_view client_ip;
    std::string_view route;  ///< its name
    const http::Fields &fields;
    std::string_view made_cookie{};  ///< value of an absent cookie that is going to be set
};

/// What a part is in this request; null data if it is missing.
std::string_view key_value(const config::KeyPart &part, const KeyInput &input);

/// Hash of the parts in their order, keyed by `seed`.  Parts are framed by their length, so that
/// ("ab", "c") differs from ("a", "bc"), and one that is missing differs from an empty one.  Hosts
/// compare without regard to case.
std::uint64_t hash_key(std::span<const config::KeyPart> parts, const KeyInput &input,
                       std::uint64_t seed);

/// What a rate limit counts a client by: an IPv4 address, or the /64 of an IPv6 address, whose
/// owner has all of it.  The result points into `client_ip` or `buffer`.
std::string_view client_network(std::string_view client_ip, std::span<char, 46> buffer);

/// Value of a query parameter, as it stands there (not decoded); nullptr data if it is missing.
std::string_view query_parameter(std::string_view query, std::string_view name);

/// The part whose cookie the client does not have and is to get: the first with a time to live.
/// Null if there is none.
const config::KeyPart *cookie_to_set(std::span<const config::KeyPart> parts,
                                     const http::Fields &fields);

/// Value of the first cookie of exactly that name in any Cookie line, with its quotes if it has
/// some (RFC 6265 section 4.2.1); nullptr data if it is missing.
std::string_view cookie(const http::Fields &fields, std::string_view name);

}  // namespace uvoy::route
