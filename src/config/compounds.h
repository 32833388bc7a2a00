#pragma once

#include "config/config.h"
#include "config/type.h"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Types made of other types.

namespace uvoy::config {

/// The schema of "this or that".
inline JsonObject any_of(const JsonObject &a, const JsonObject &b) {
    return {{"anyOf", json_array({a.text(), b.text()})}};
}

/// Whether two equal items of a list are a mistake: of values they are; objects have rules of their
/// own, which say better what is wrong.
template <typename V>
inline constexpr bool is_value = std::equality_comparable<V>;
template <>
inline constexpr bool is_value<Endpoint> = false;
template <>
inline constexpr bool is_value<Route> = false;
template <>
inline constexpr bool is_value<AccessLog> = false;

/// Reads each item; values must differ.  The result has an element for every
/// item, good or not, so that indices agree with the file.
template <typename V>
bool read_items(Context &context, const Node &array, const Type<V> &type, std::vector<V> &values) {
    const std::size_t problems = context.problem_count();
    values.clear();
    for (const Node &item : array.items) {
        V value{};
        const bool ok = type.read(context, item, value);
        if constexpr (is_value<V>) {
            if (ok && std::find(values.begin(), values.end(), value) != values.end())
                context.fail(item, "stands in the list already");
        }
        values.push_back(std::move(value));
    }
    return context.problem_count() == problems;
}

/// An array of min..max items.
template <typename V>
Type<std::vector<V>> list(const Type<V> &type, std::size_t min, std::size_t max) {
    const std::string expects = "an array, each item " + type.expects;
    JsonObject schema{{"type", json_string("array")},
                      {"items", type.schema.text()},
                      {"minItems", json_number(min)},
                      {"maxItems", json_number(max)}};
    if constexpr (is_value<V>) schema.set("uniqueItems", "true");
    const auto write = [inner = type.write](const std::vector<V> &values) {
        std::vector<std::string> items;
        items.reserve(values.size());
        for (const V &value : values) items.push_back(inner(value));
        return json_array(items);
    };
    const auto read = [=](Context &context, const Node &node, std::vector<V> &values) {
        if (node.kind != Node::Kind::array) return fail_kind(context, node, expects);
        if (node.items.size() < min || node.items.size() > max) {
            context.fail(node, "has " + std::to_string(node.items.size()) + " items, expected " +
                                   std::to_string(min) + ".." + std::to_string(max));
            return false;
        }
        return read_items(context, node, type, values);
    };
    return {.expects = expects, .read = read, .schema = std::move(schema), .write = write};
}

/// One value, or an array of 1..max.
template <typename V>
Type<std::vector<V>> one_or_many(const Type<V> &type, std::size_t max) {
    const Type<std::vector<V>> many = list(type, 1, max);
    const auto read = [one = type.read, all = many.read](Context &context, const Node &node,
                                                         std::vector<V> &values) {
        if (node.kind == Node::Kind::array) return all(context, node, values);
        values.assign(1, V{});
        return one(context, node, values.front());
    };
    const auto write = [one = type.write, all = many.write](const std::vector<V> &values) {
        return values.size() == 1 ? one(values.front()) : all(values);
    };
    return {.expects = type.expects + ", or an array of those",
            .read = read,
            .schema = any_of(type.schema, many.schema),
            .write = write};
}

/// A short form for common cases, an object for all of them.
template <typename V>
Type<V> either(const Type<V> &plain, const Type<V> &object) {
    const auto read = [=](Context &context, const Node &node, V &value) {
        if (node.kind == Node::Kind::object) return object.read(context, node, value);
        if (node.kind == Node::Kind::string || node.is_number())
            return plain.read(context, node, value);
        return fail_kind(context, node, plain.expects + " or " + object.expects);
    };
    return {.expects = plain.expects + " or " + object.expects,
            .read = read,
            .schema = any_of(plain.schema, object.schema),
            .write = plain.write};
}

/// Absent is a value of its own; there is no way to write it.
template <typename V>
Type<std::optional<V>> optional_of(Type<V> type) {
    const auto read = [inner = type.read](Context &context, const Node &node,
                                          std::optional<V> &value) {
        return inner(context, node, value.emplace());
    };
    const auto write = [inner = type.write](const std::optional<V> &value) {
        return value ? inner(*value) : json_null();
    };
    return {
        .expects = type.expects, .read = read, .schema = std::move(type.schema), .write = write};
}

/// null turns off what the value would describe: V is an optional or a vector.
template <typename V>
Type<V> nullable(const Type<V> &type) {
    const auto read = [inner = type.read](Context &context, const Node &node, V &value) {
        if (node.kind != Node::Kind::null) return inner(context, node, value);
        value = V{};
        return true;
    };
    const auto write = [inner = type.write](const V &value) {
        if constexpr (requires { value.has_value(); }) return value ? inner(value) : json_null();
        else return value.empty() ? json_null() : inner(value);
    };
    return {.expects = type.expects + ", or null",
            .read = read,
            .schema = any_of({{"type", json_string("null")}}, type.schema),
            .write = write};
}

}  // namespace uvoy::config
