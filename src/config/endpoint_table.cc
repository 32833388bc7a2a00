#include "config/tables.h"

#include <algorithm>

namespace uvoy::config {

namespace {

/// Its address is the default name of an endpoint, so what an address holds is allowed.
Type<std::string> endpoint_name() {
    constexpr std::size_t longest = 128;
    const Form form{.expects = "a name of 1..128 letters, digits or any of _.-:/[]",
                    .pattern = "[A-Za-z0-9_.:/\\[\\]-]{1,128}"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        const bool fits = std::all_of(string.begin(), string.end(), [](char c) {
            return is_name({&c, 1}) || c == ':' || c == '/' || c == '[' || c == ']';
        });
        if (fits && !string.empty() && string.size() <= longest) return string;
        return Unexpected<std::string>{quote(string) + " is not " + form.expects};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

}  // namespace

const Table<Endpoint> &endpoint_table() {
    using T = Endpoint;
    static const Table<T> table{
        .noun = "an endpoint",
        .keys = {required(
                     key<T>("address", &T::address, endpoint_address(),
                            "where it is; a DNS name is asked for at start, and again by its TTL")),
                 derived(key<T>("name", &T::name, endpoint_name(),
                                "its identity on the ring, unique in the cluster"),
                         "the address"),
                 key<T>("weight", &T::weight, integer<std::uint32_t>(1, 1000),
                        "its share of the requests, relative to the others"),
                 key<T>("priority", &T::priority, integer<std::uint16_t>(0, 15),
                        "0 is asked first; the next level takes what it cannot carry")},
        .finish = [](Context &, const Node &node, Endpoint &endpoint) {
            const bool located = endpoint.address.is_unix() || endpoint.address.port != 0;
            if (located && node.find("name") == nullptr) endpoint.name = endpoint.address.text();
            if (!located) endpoint.name.clear();
        }};
    return table;
}

}  // namespace uvoy::config
