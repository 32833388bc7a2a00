#include "config/parse_address.h"
#include "config/tables.h"

#include <string>
#include <utility>

namespace uvoy::config {

namespace {

using Parsed = Result<Address, std::string>;
using Wrong = Unexpected<std::string>;

Type<Address> dns_name() {
    Form form{.expects = "a DNS name with a port such as \"api.internal:8080\"",
              .pattern = "[A-Za-z0-9_.-]+(?::[0-9]+)?"};
    Parse<Address> parse = [](const std::string &string) -> Parsed {
        if (string.find_first_of(":[/") == string.npos && !is_ip_literal(string)) {
            if (is_host_name(string)) return Address{.host = string, .port = 0, .path = {}};
            return Wrong{quote(string) + " is not a DNS name"};
        }
        Parsed address = is_ip_literal(string) ? Address{.host = string, .port = 0, .path = {}}
                                               : parse_address(string);
        if (!address) return address;
        if (address->is_unix() || is_ip_literal(address->host))
            return Wrong{quote(string) + " is no DNS name: it belongs into \"endpoints\""};
        return address;
    };
    return string_type<Address>(std::move(form), std::move(parse),
                                [](const Address &value) { return json_string(value.host); });
}

Type<Address> dns_server() {
    Form form{.expects =
                  "the IP address of a DNS server with its port, such as "
                  "\"127.0.0.1:53\"",
              .pattern = "(?:[0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+"};
    Parse<Address> parse = [](const std::string &string) -> Parsed {
        Parsed address = parse_address(string);
        if (!address) return address;
        if (!address->is_unix() && is_ip_literal(address->host)) return address;
        return Wrong{quote(string) + " is not an IP address with a port"};
    };
    return string_type<Address>(std::move(form), std::move(parse),
                                [](const Address &value) { return json_string(value.text()); });
}

void finish(Context &context, const Node &node, Discovery &discovery) {
    const Node *name = node.find("dns");
    if (name == nullptr || discovery.dns.host.empty() || discovery.dns.port != 0) return;
    if (discovery.record == Discovery::Record::address)
        context.fail(*name, quote(discovery.dns.host) +
                                " has no port, which only the records of type \"SRV\" tell");
}

}  // namespace

const Table<Discovery> &discovery_table() {
    using T = Discovery;
    constexpr std::uint32_t most_endpoints = 1024;
    static const Table<T> table{
        .noun = "a discovery",
        .keys = {required(key<T>("dns", &T::dns, dns_name(),
                                 "the name that is asked for, and the port of the endpoints")),
                 key<T>("record", &T::record,
                        choice<T::Record>({{"A", T::Record::address}, {"SRV", T::Record::service}}),
                        "\"A\": all IPv4 and IPv6 addresses; \"SRV\": servers with their ports, "
                        "weights and priorities"),
                 derived(key<T>("refresh", &T::refresh, optional_of(duration()),
                                "how often it is asked for"),
                         "the records' time to live, 1s..1h"),
                 derived(key<T>("server", &T::server, optional_of(dns_server()),
                                "the DNS server that is asked"),
                         "those of /etc/resolv.conf"),
                 key<T>("max_endpoints", &T::max_endpoints,
                        integer<std::uint32_t>(1, most_endpoints),
                        "of more addresses the first in numerical order are used")},
        .finish = finish};
    return table;
}

}  // namespace uvoy::config
