#pragma once

#include "config/context.h"
#include "config/json_text.h"

#include <functional>
#include <string>

namespace uvoy::config {

/// What a value may be: the parser reads by it, and the schema is written from it.
template <typename V>
struct Type {
    std::string expects;  ///< for messages: `a duration such as "250ms"`

    /// Sets the value; or reports what is wrong, returns false and leaves it in a valid state.
    std::function<bool(Context &, const Node &, V &)> read;

    JsonObject schema;

    /// The value as it would stand in a file, for the defaults in the schema.
    std::function<std::string(const V &)> write;
};

/// Reports a value of the wrong kind; returns false.
bool fail_kind(Context &context, const Node &node, const std::string &expects);

}  // namespace uvoy::config
