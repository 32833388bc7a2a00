#include "config/http_names.h"
#include "config/tables.h"

namespace uvoy::config {

namespace {

constexpr std::size_t most_parts = 8;

Type<std::string> header_name() {
    constexpr std::size_t longest = 128;
    Form form{.expects = "the name of a header", .pattern = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        if (is_token(string) && string.size() <= longest) return to_lower(string);
        return Unexpected<std::string>{quote(string) + " is not " + form.expects};
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

std::string &header_of(KeyPart &part) {
    part.source = KeyPart::Source::header;
    return part.name;
}

std::string &query_of(KeyPart &part) {
    part.source = KeyPart::Source::query;
    return part.name;
}

const Table<KeyPart> &key_part_table() {
    static const Table<KeyPart> table{
        .noun = "a part of a key",
        .keys = {derived(key<KeyPart>("header", header_of, header_name(),
                                      "the value of the request header of that name"),
                         "none"),
                 derived(key<KeyPart>("query", query_of, line("the name of a parameter", 128),
                                      "the value of the query parameter of that name"),
                         "none")},
        .finish =
            [](Context &context, const Node &node, KeyPart &) {
                if (node.find("header") != nullptr && node.find("query") != nullptr)
                    context.fail(node, "\"header\" and \"query\" are two parts: write two objects");
                else if (node.members.empty()) context.fail(node, "needs \"header\" or \"query\"");
            },
        .extra = {{"minProperties", "1"}, {"maxProperties", "1"}}};
    return table;
}

Type<KeyPart> key_part(const std::vector<Choice<KeyPart>> &words) {
    return either(choice(words), object(key_part_table()));
}

std::vector<Choice<KeyPart>> common_words() {
    return {{"path", {KeyPart::Source::path, {}}},
            {"host", {KeyPart::Source::host, {}}},
            {"client_ip", {KeyPart::Source::client_ip, {}}}};
}

}  // namespace

Type<std::vector<KeyPart>> hash_key() { return list(key_part(common_words()), 1, most_parts); }

Type<std::vector<KeyPart>> rate_limit_key() {
    std::vector<Choice<KeyPart>> words = common_words();
    words.push_back({"route", {KeyPart::Source::route, {}}});
    return list(key_part(words), 0, most_parts);
}

}  // namespace uvoy::config
