#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Pieces of JSON as text.  The tables describe themselves in these, so that including a table
// does not cost a JSON library; schema.cc parses the whole, which proves it well formed.

namespace uvoy::config {

std::string json_string(std::string_view text);
inline std::string json_null() { return "null"; }
std::string json_number(std::uint64_t number);
std::string json_array(const std::vector<std::string> &items);

/// An object that keeps the order in which its keys were set.
class JsonObject {
public:
    using Member = std::pair<std::string, std::string>;  ///< key, JSON text of the value

    JsonObject() = default;
    JsonObject(std::initializer_list<Member> members) : members_{members} {}

    /// Replaces the value in its place, or appends the member.
    void set(std::string_view key, std::string text);
    void erase(std::string_view key);
    void update(const JsonObject &other);

    bool empty() const { return members_.empty(); }
    std::string text() const;

private:
    std::vector<Member> members_;
};

}  // namespace uvoy::config
