#pragma once

#include "config/context.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace uvoy::config {

/// Keeps its keys in the order of insertion, so that the schema reads like the manual.
using Json = nlohmann::ordered_json;

/// What a value may be: the parser reads by it, and the schema is written from it.
template <typename V>
struct Type {
    std::string expects;  ///< for messages: `a duration such as "250ms"`

    /// Sets the value; or reports what is wrong, returns false and leaves it in a valid state.
    std::function<bool(Context &, const Node &, V &)> read;

    Json schema;

    /// The value as it would stand in a file, for the defaults in the schema.
    std::function<Json(const V &)> write;
};

/// Reports a value of the wrong kind; returns false.
bool fail_kind(Context &context, const Node &node, const std::string &expects);

}  // namespace uvoy::config
