#include "config/http_names.h"
#include "config/tables.h"

#include <algorithm>
#include <array>

namespace uvoy::config {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t most_fields = 64;
constexpr std::size_t longest_value = 8192;

/// The proxy writes these itself; a second opinion would break the framing.
constexpr std::array<std::string_view, 8> reserved{
    "connection", "content-length", "keep-alive",        "proxy-connection",
    "te",         "trailer",        "transfer-encoding", "upgrade"};

bool is_field_value(std::string_view value) {
    const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 0 && c < 0x20) ? c == '\t' : c != 0x7f;
    });
    return clean && value.find_first_of(" \t") != 0 && !value.ends_with(' ') &&
           !value.ends_with('\t') && value.size() <= longest_value;
}

bool read_field(Context &context, const Member &member, Fields &fields) {
    if (!is_token(member.key)) {
        context.fail_key(member, quote(member.key) + " is not the name of a header");
        return false;
    }
    if (std::find(reserved.begin(), reserved.end(), to_lower(member.key)) != reserved.end()) {
        context.fail_key(member, quote(member.key) + " is set by the proxy itself");
        return false;
    }
    const Form form{.expects = "the value of a header", .pattern = {}};
    std::optional<std::string> value = read_string(context, member.value, form);
    if (!value) return false;
    if (!is_field_value(*value))
        return fail_string(context, member.value, form,
                           quote(*value) + " is not " + form.expects +
                               ": control characters, blanks at an end, or over 8192 bytes");
    fields.emplace_back(member.key, std::move(*value));
    return true;
}

Type<Fields> header_fields() {
    const std::string expects = "an object from header names to values";
    const auto read = [=](Context &context, const Node &node, Fields &fields) {
        if (node.kind != Node::Kind::object) return fail_kind(context, node, expects);
        if (node.members.size() > most_fields) {
            context.fail(node, "more than 64 headers");
            return false;
        }
        bool ok = true;
        for (const Member &member : node.members)
            if (!member.duplicate) ok = read_field(context, member, fields) && ok;
        return ok;
    };
    return {.expects = expects,
            .read = read,
            .schema = {{"type", json_string("object")},
                       {"maxProperties", json_number(most_fields)},
                       {"additionalProperties", R"({"type": "string"})"}},
            .write = [](const Fields &) { return JsonObject{}.text(); }};
}

Type<std::string> body() {
    constexpr std::size_t longest = 65536;
    const Form form{.expects = "a text of at most 64KiB", .pattern = {}};
    const auto read = [=](Context &context, const Node &node, std::string &value) {
        std::optional<std::string> text = read_string(context, node, form);
        if (!text) return false;
        if (text->size() > longest)
            return fail_string(context, node, form, "longer than 65536 bytes");
        value = std::move(*text);
        return true;
    };
    return {.expects = form.expects,
            .read = read,
            .schema = {{"type", json_string("string")}, {"maxLength", json_number(longest)}},
            .write = json_string};
}

void finish(Context &context, const Node &node, Respond &respond) {
    const bool bodiless = respond.status == 204 || respond.status == 304;
    if (bodiless && !respond.body.empty())
        context.fail(*node.find("body"),
                     "a response with status " + std::to_string(respond.status) + " has no body");
}

}  // namespace

const Table<Respond> &respond_table() {
    using T = Respond;
    static const Table<T> table{
        .noun = "a response",
        .keys = {key<T>("status", &T::status, integer<std::uint16_t>(200, 599), "status code"),
                 key<T>("body", &T::body, body(), "body of the response"),
                 key<T>("headers", &T::headers, header_fields(),
                        "further headers of the response: name to value")},
        .finish = finish};
    return table;
}

}  // namespace uvoy::config
