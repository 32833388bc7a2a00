#include "config/http_names.h"
#include "config/tables.h"
#include "config/units.h"

#include <array>

namespace uvoy::config {

namespace {

Type<StatusRange> status_range() {
    Type<StatusRange> type = string_type<StatusRange>(
        {.expects = "a status code or a range such as \"200-399\"",
         .pattern = "[1-5][0-9]{2}(?:-[1-5][0-9]{2})?"},
        [](const std::string &string) -> Result<StatusRange, std::string> {
            const std::optional<StatusRange> range = parse_status_range(string);
            if (range) return *range;
            return Unexpected<std::string>{quote(string) +
                                           " is not a status code or a range such as \"200-399\""};
        },
        [](const StatusRange &range) { return json_string(to_text(range)); });
    const Type<std::uint16_t> code = integer<std::uint16_t>(100, 599);
    type.schema = any_of(code.schema, type.schema);
    type.read = [string = type.read, code](Context &context, const Node &node, StatusRange &range) {
        if (!node.is_number()) return string(context, node, range);
        std::uint16_t status = 0;
        if (!code.read(context, node, status)) return false;
        range = {status, status};
        return true;
    };
    return type;
}

/// A request target in origin form: a path, maybe with a query.
Type<std::string> target() {
    const Form form{.expects = "a path such as \"/healthz\"", .pattern = "/[^#\\s]*"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        constexpr std::size_t longest = 4096;
        bool printable = true;
        for (const char c : string) printable = printable && c > ' ' && c < 0x7f && c != '#';
        if (string.starts_with('/') && printable && string.size() <= longest) return string;
        return Unexpected<std::string>{quote(string) + " is not " + form.expects};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

/// A Host header: a name or an IP literal, maybe with a port.
Type<std::string> host() {
    const Form form{.expects = "a Host header such as \"app.example.com\"",
                    .pattern = "[A-Za-z0-9_.:\\[\\]-]{1,255}"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        bool fits = !string.empty() && string.size() <= 255;
        for (const char c : string)
            fits = fits && (is_name({&c, 1}) || c == ':' || c == '[' || c == ']');
        if (fits) return string;
        return Unexpected<std::string>{quote(string) + " is not " + form.expects};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

void finish(Context &context, const Node &node, HealthCheck &check) {
    using Type = HealthCheck::Type;
    if (node.find("type") == nullptr && node.find("path") != nullptr) check.type = Type::http;
    if (check.type == Type::http) {
        if (check.path.empty()) check.path = "/";
        return;
    }
    for (const std::string_view name : {"path", "host", "status"}) {
        const Node *value = node.find(name);
        if (value != nullptr)
            context.fail_key(node.members[value->index],
                             "only a check of type \"http\" uses this key");
    }
}

}  // namespace

const Table<HealthCheck> &health_check_table() {
    using T = HealthCheck;
    constexpr std::size_t most_ranges = 16;
    static const Table<T> table{
        .noun = "a health check",
        .keys = {derived(key<T>("type", &T::type,
                                choice<T::Type>({{"http", T::Type::http},
                                                 {"tcp", T::Type::tcp},
                                                 {"none", T::Type::none}}),
                                "what is tried: a request; a connection, and an answer to "
                                "\"OPTIONS *\" of who is out by traffic; or nothing"),
                         "\"http\" if there is a \"path\", else \"tcp\""),
                 derived(key<T>("path", &T::path, target(), "http: what is requested"), "\"/\""),
                 derived(key<T>("host", &T::host, host(), "http: the Host header"),
                         "the endpoint's address"),
                 key<T>("interval", &T::interval, duration(), "time between two checks"),
                 key<T>("timeout", &T::timeout, duration(), "how long a check may take"),
                 key<T>("healthy_after", &T::healthy_after, integer<std::uint32_t>(1, 100),
                        "good checks in a row that bring an endpoint back"),
                 key<T>("unhealthy_after", &T::unhealthy_after, integer<std::uint32_t>(1, 100),
                        "failed checks in a row that take an endpoint out"),
                 key<T>("status", &T::status, one_or_many(status_range(), most_ranges),
                        "http: good status codes, a range or an array of codes and ranges")},
        .finish = finish};
    return table;
}

}  // namespace uvoy::config
