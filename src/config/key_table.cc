#include "config/http_names.h"
#include "config/tables.h"

namespace uvoy::config {

namespace {

constexpr std::size_t most_parts = 8;

constexpr std::size_t longest_name = 128;

/// RFC 9110 section 5.6.2.
Type<std::string> token(const std::string &expects) {
    const Form form{.expects = expects, .pattern = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        if (is_token(string) && string.size() <= longest_name) return string;
        return Unexpected<std::string>{quote(string) + " is not " + form.expects};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

Type<std::string> header_name() {
    Type<std::string> type = token("the name of a header");
    type.read = [read = type.read](Context &context, const Node &node, std::string &name) {
        if (!read(context, node, name)) return false;
        name = to_lower(name);
        return true;
    };
    return type;
}

template <KeyPart::Source source>
std::string &named(KeyPart &part) {
    part.source = source;
    return part.name;
}

std::vector<Key<KeyPart>> named_parts() {
    using Source = KeyPart::Source;
    return {derived(key<KeyPart>("header", named<Source::header>, header_name(),
                                 "the value of the request header of that name"),
                    "none"),
            derived(key<KeyPart>("query", named<Source::query>,
                                 line("the name of a parameter", longest_name),
                                 "the value of the query parameter of that name"),
                    "none"),
            derived(key<KeyPart>("cookie", named<Source::cookie>, token("the name of a cookie"),
                                 "the value of the cookie of that name"),
                    "none")};
}

void check_named_part(Context &context, const Node &node, KeyPart &) {
    std::vector<std::string> given;
    for (const char *const name : {"header", "query", "cookie"})
        if (node.find(name) != nullptr) given.push_back(quote(name));
    if (given.empty()) context.fail(node, R"(needs "header", "query" or "cookie")");
    else if (given.size() > 1)
        context.fail(node, given[0] + " and " + given[1] + " are two parts: write two objects");
}

void check_hash_part(Context &context, const Node &node, KeyPart &part) {
    check_named_part(context, node, part);
    if (node.find("ttl") != nullptr && node.find("cookie") == nullptr)
        context.fail(node, R"(only a "cookie" has a "ttl")");
}

/// As far as a schema can say what check_named_part() does.
JsonObject one_named_part() {
    std::vector<std::string> parts;
    for (const char *const name : {"header", "query", "cookie"})
        parts.push_back(JsonObject{{"required", json_array({json_string(name)})}}.text());
    return {{"oneOf", json_array(parts)}};
}

const Table<KeyPart> &hash_part_table() {
    static const Table<KeyPart> table = [] {
        std::vector<Key<KeyPart>> keys = named_parts();
        keys.push_back(
            derived(key<KeyPart>("ttl", &KeyPart::ttl, optional_of(duration(Zero::allowed)),
                                 "a client without the cookie gets one, for so long; "
                                 "\"0s\" = until it closes its browser"),
                    "it gets none"));
        JsonObject extra = one_named_part();
        extra.set("dependencies", JsonObject{{"ttl", json_array({json_string("cookie")})}}.text());
        return Table<KeyPart>{
            .noun = "a part of a key", .keys = keys, .finish = check_hash_part, .extra = extra};
    }();
    return table;
}

const Table<KeyPart> &limit_part_table() {
    static const Table<KeyPart> table = [] {
        std::vector<Key<KeyPart>> keys = named_parts();
        // Known, to say more than that it is not.
        const std::string doc = "not in the key of a rate limit, which sets no cookie";
        keys.push_back({.name = "ttl",
                        .doc = doc,
                        .schema = {{"title", json_string("nothing")},
                                   {"description", json_string(doc + "; default: none")},
                                   {"type", json_string("string")},
                                   {"not", JsonObject{}.text()}},
                        .required = false,
                        .read = [](Context &context, const Node &node, KeyPart &) {
                            context.fail(node,
                                         "belongs to a hash_key: a rate limit sets no cookie");
                            return false;
                        }});
        return Table<KeyPart>{.noun = "a part of a key",
                              .keys = keys,
                              .finish = check_named_part,
                              .extra = one_named_part()};
    }();
    return table;
}

Type<KeyPart> key_part(const std::vector<Choice<KeyPart>> &words, const Table<KeyPart> &table) {
    return either(choice(words), object(table));
}

std::vector<Choice<KeyPart>> common_words() {
    return {{"path", {KeyPart::Source::path, {}}},
            {"host", {KeyPart::Source::host, {}}},
            {"client_ip", {KeyPart::Source::client_ip, {}}}};
}

}  // namespace

Type<std::vector<KeyPart>> hash_key() {
    return list(key_part(common_words(), hash_part_table()), 1, most_parts);
}

Type<std::vector<KeyPart>> rate_limit_key() {
    std::vector<Choice<KeyPart>> words = common_words();
    words.push_back({"route", {KeyPart::Source::route, {}}});
    return list(key_part(words, limit_part_table()), 0, most_parts);
}

}  // namespace uvoy::config
