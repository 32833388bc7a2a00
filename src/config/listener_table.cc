#include "config/tables.h"

#include <algorithm>

namespace uvoy::config {

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1024} * 1024;

const Table<ListenerTimeouts> &timeouts_table() {
    using T = ListenerTimeouts;
    static const Table<T> table{
        .noun = "a set of timeouts",
        .keys = {key<T>("headers", &T::headers, duration(),
                        "time for the head of a request, from its first byte"),
                 key<T>("body", &T::body, duration(), "time between two reads of a request body"),
                 key<T>("keepalive", &T::keepalive, duration(),
                        "how long a connection may be idle between requests"),
                 key<T>("write", &T::write, duration(),
                        "how long a client may take no byte of its response")}};
    return table;
}

const Table<ListenerLimits> &limits_table() {
    using T = ListenerLimits;
    static const Table<T> table{
        .noun = "a set of limits",
        .keys = {key<T>("header_bytes", &T::header_bytes, size(1024, mebibyte),
                        "size of a request head; above: 431"),
                 key<T>("headers", &T::headers, integer<std::uint32_t>(1, 1024),
                        "headers of a request; above: 431"),
                 key<T>("target_bytes", &T::target_bytes, size(64, mebibyte),
                        "size of a request target; above: 414"),
                 key<T>("connections", &T::connections, integer<std::uint32_t>(0, 10'000'000),
                        "connections at once; above: 503; 0 = unlimited"),
                 key<T>("connections_per_client", &T::connections_per_client,
                        integer<std::uint32_t>(0, 10'000'000),
                        "connections at once of one IPv4 address or IPv6 /64; above: 503; 0 = "
                        "unlimited; trusted proxies are exempt"),
                 key<T>("requests_per_connection", &T::requests_per_connection,
                        integer<std::uint32_t>(0, 1'000'000'000),
                        "requests before a connection is closed; 0 = unlimited")}};
    return table;
}

const Table<Normalize> &normalize_table() {
    using T = Normalize;
    static const Table<T> table{
        .noun = "a normalisation",
        .keys = {
            key<T>("dot_segments", &T::dot_segments,
                   choice<T::DotSegments>({{"resolve", T::DotSegments::resolve},
                                           {"refuse", T::DotSegments::refuse},
                                           {"keep", T::DotSegments::keep}}),
                   "what becomes of \".\" and \"..\", encoded or not"),
            key<T>("encoded_slashes", &T::encoded_slashes,
                   choice<T::EncodedSlashes>({{"keep", T::EncodedSlashes::keep},
                                              {"decode", T::EncodedSlashes::decode},
                                              {"refuse", T::EncodedSlashes::refuse}}),
                   "what becomes of %2F and %5C; decoded, both are \"/\""),
            key<T>("unreserved", &T::unreserved,
                   choice<T::Unreserved>(
                       {{"decode", T::Unreserved::decode}, {"keep", T::Unreserved::keep}}),
                   "what becomes of letters, digits and -._~ that are encoded"),
            key<T>("encoded_controls", &T::encoded_controls,
                   choice<T::EncodedControls>({{"refuse", T::EncodedControls::refuse},
                                               {"keep", T::EncodedControls::keep}}),
                   "what becomes of %00..%1F and %7F"),
            key<T>("merge_slashes", &T::merge_slashes, boolean(), "whether \"//\" becomes \"/\"")}};
    return table;
}

void check_mode(Context &context, const Node &node, Listener &listener) {
    const Node *const mode = node.find("mode");
    const auto &addresses = listener.addresses;
    if (mode != nullptr && !addresses.empty() &&
        std::ranges::none_of(addresses, [](const Address &each) { return each.is_unix(); }))
        context.fail(*mode, "belongs to a \"unix:\" address, and there is none");
}

}  // namespace

const Table<Listener> &listener_table() {
    using T = Listener;
    constexpr std::size_t most_addresses = 16;
    constexpr std::size_t most_proxies = 1024;
    static const Table<T> table{
        .noun = "a listener",
        .keys = {required(key<T>("address", &T::addresses,
                                 one_or_many(listen_address(), most_addresses),
                                 "where clients connect: one address or an array")),
                 derived(key<T>("mode", &T::mode, optional_of(file_mode()),
                                "permissions of the files of \"unix:\" addresses"),
                         "what the umask leaves"),
                 key<T>("trusted_proxies", &T::trusted_proxies,
                        list(trusted_proxy(), 0, most_proxies),
                        "whose X-Forwarded-* and Forwarded are believed"),
                 key<T>("normalize", &T::normalize, object(normalize_table()),
                        "the form in which paths are matched, hashed, logged and forwarded"),
                 key<T>("timeouts", &T::timeouts, object(timeouts_table()),
                        "how long a client may take"),
                 key<T>("limits", &T::limits, object(limits_table()), "how much a client may send"),
                 key<T>("rate_limits", &T::rate_limits, rate_limit_names(),
                        "rate limits of all requests of this listener")},
        .finish = check_mode};
    return table;
}

}  // namespace uvoy::config
