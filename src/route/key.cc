#include "route/key.h"

#include "base/hash.h"
#include "base/random.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace uvoy::route {

namespace {

std::string_view cookie_of(const config::KeyPart &part, const KeyInput &input) {
    const std::string_view value = cookie(input.fields, part.name);
    const bool made = value.data() == nullptr && part.ttl && !input.made_cookie.empty();
    return made ? input.made_cookie : value;
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::uint64_t hash_host(std::string_view host, std::uint64_t seed) {
    std::array<char, 256> lower;
    const std::size_t size = std::min(host.size(), lower.size());
    std::transform(host.begin(), host.begin() + static_cast<std::ptrdiff_t>(size), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return hash({lower.data(), size}, seed);
}

}  // namespace

std::string_view key_value(const config::KeyPart &part, const KeyInput &input) {
    using Source = config::KeyPart::Source;
    switch (part.source) {
        case Source::path:
            return input.path;
        case Source::host:
            return input.host;
        case Source::client_ip:
            return input.client_ip;
        case Source::route:
            return input.route;
        case Source::query:
            return query_parameter(input.query, part.name);
        case Source::cookie:
            return cookie_of(part, input);
        case Source::header: {
            const http::Field *field = input.fields.find(std::string_view{part.name});
            if (field == nullptr) return {};
            return field->value.data() == nullptr ? std::string_view{""} : field->value;
        }
    }
    return {};
}

std::uint64_t hash_key(std::span<const config::KeyPart> parts, const KeyInput &input,
                       std::uint64_t seed) {
    std::uint64_t key = seed;
    for (const config::KeyPart &part : parts) {
        const std::string_view value = key_value(part, input);
        if (value.data() == nullptr) key = mix(key);
        else if (part.source == config::KeyPart::Source::host) key = hash_host(value, key);
        else key = hash(value, key);  // a chain: each part's hash is the next one's seed
    }
    return key;
}

std::string_view client_network(std::string_view client_ip, std::span<char, 46> buffer) {
    if (client_ip.find(':') == std::string_view::npos || client_ip.size() >= buffer.size())
        return client_ip;
    std::ranges::copy(client_ip, buffer.begin());
    buffer[client_ip.size()] = '\0';
    std::array<unsigned char, 16> address;
    if (inet_pton(AF_INET6, buffer.data(), address.data()) != 1) return client_ip;
    constexpr std::size_t prefix = 8;
    std::copy_n(address.begin(), prefix, buffer.begin());
    return {buffer.data(), prefix};
}

std::string_view query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        return equals == std::string_view::npos ? pair.substr(pair.size())
                                                : pair.substr(equals + 1);
    }
    return {};
}

const config::KeyPart *cookie_to_set(std::span<const config::KeyPart> parts,
                                     const http::Fields &fields) {
    const auto is_due = [&](const config::KeyPart &part) {
        return part.source == config::KeyPart::Source::cookie && part.ttl &&
               cookie(fields, part.name).data() == nullptr;
    };
    const auto found = std::ranges::find_if(parts, is_due);
    return found == parts.end() ? nullptr : &*found;
}

std::string_view cookie(const http::Fields &fields, std::string_view name) {
    for (const http::Field &field : fields) {
        if (field.id != http::FieldId::cookie) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::size_t end = rest.find(';');
            const std::string_view pair = trim(rest.substr(0, end));
            rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
            if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name))
                return pair.substr(name.size() + 1);
        }
    }
    return {};
}

}  // namespace uvoy::route
