#include "config/node.h"

#include "config/utf8.h"

namespace uvoy::config {

const Node *Node::find(std::string_view key) const {
    for (const Member &member : members)
        if (member.key == key) return &member.value;
    return nullptr;
}

std::string pointer_to(const Node &node) {
    if (node.parent == nullptr) return {};
    std::string pointer = pointer_to(*node.parent) + '/';
    if (node.parent->kind == Node::Kind::array) return pointer + std::to_string(node.index);
    for (const char c : node.parent->members[node.index].key) {
        if (c == '~') pointer += "~0";
        else if (c == '/') pointer += "~1";
        else pointer += escape_controls({&c, 1});
    }
    return pointer;
}

std::string_view kind_name(const Node &node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "null";
        case Node::Kind::boolean:
            return node.boolean ? "true" : "false";
        case Node::Kind::integer:
        case Node::Kind::number:
            return "a number";
        case Node::Kind::string:
            return "a string";
        case Node::Kind::array:
            return "an array";
        case Node::Kind::object:
            break;
    }
    return "an object";
}

}  // namespace uvoy::config
