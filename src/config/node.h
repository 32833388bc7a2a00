#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::config {

struct Member;

/// A JSON value that knows its place.  The tree is built once and then stays where it is, so
/// nodes may point at each other.
struct Node {
    enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };

    Kind kind = Kind::null;
    bool boolean = false;
    std::uint32_t index = 0;       ///< place among the parent's items or members
    std::int64_t integer = 0;      ///< Kind::integer only
    double number = 0;             ///< Kind::number and Kind::integer
    std::size_t offset = 0;        ///< of the first byte in the text
    const Node *parent = nullptr;  ///< null at the root
    std::string text;              ///< Kind::string: the value as written, references unresolved
    std::vector<Node> items;       ///< Kind::array
    std::vector<Member> members;   ///< Kind::object, in the order of the file

    /// The value of the first member with that key, or null.
    const Node *find(std::string_view key) const;

    bool is_number() const { return kind == Kind::integer || kind == Kind::number; }
};

/// One `"key": value` of an object.
struct Member {
    std::string key;
    std::size_t offset = 0;  ///< of the key's opening quotation mark
    bool duplicate = false;  ///< an earlier member has the same key; that one counts
    Node value;
};

/// RFC 6901; control characters are escaped as in JSON, so that it stays on one line.
std::string pointer_to(const Node &node);

/// "an object", "a number", ... for messages.
std::string_view kind_name(const Node &node);

}  // namespace uvoy::config
