#include "config/shown.h"

#include "config/json_text.h"

#include <nlohmann/json.hpp>

#include <cstddef>

namespace uvoy::config {

namespace {

constexpr std::string_view secret_key = "hash_seed";

void append(std::string &text, const Node &node, std::size_t depth);

void start_line(std::string &text, std::size_t depth) {
    text += '\n';
    text.append(2 * depth, ' ');
}

/// Members or items between brackets, each on its line.
template <typename List, typename Each>
void append_list(std::string &text, const List &list, std::string_view brackets, std::size_t depth,
                 Each each) {
    text += brackets.front();
    for (const auto &element : list) {
        if (&element != list.data()) text += ',';
        start_line(text, depth + 1);
        each(element);
    }
    if (!list.empty()) start_line(text, depth);
    text += brackets.back();
}

void append(std::string &text, const Node &node, std::size_t depth) {
    switch (node.kind) {
        case Node::Kind::null:
            text += "null";
            break;
        case Node::Kind::boolean:
            text += node.boolean ? "true" : "false";
            break;
        case Node::Kind::integer:
            text += std::to_string(node.integer);
            break;
        case Node::Kind::number:
            text += nlohmann::json(node.number).dump();
            break;
        case Node::Kind::string:
            text += json_string(node.text);
            break;
        case Node::Kind::array:
            append_list(text, node.items, "[]", depth,
                        [&](const Node &item) { append(text, item, depth + 1); });
            break;
        case Node::Kind::object:
            append_list(text, node.members, "{}", depth, [&](const Member &member) {
                text.append(json_string(member.key)).append(": ");
                const bool secret = depth == 0 && member.key == secret_key;
                if (secret) text += "\"(secret)\"";
                else append(text, member.value, depth + 1);
            });
            break;
    }
}

}  // namespace

std::string shown(const Node &root) {
    std::string text;
    append(text, root, 0);
    return text;
}

}  // namespace uvoy::config
