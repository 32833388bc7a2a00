#pragma once

#include "config/compounds.h"
#include "config/scalars.h"
#include "config/suggest.h"
#include "config/type.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::config {

/// One key of an object in the file.  Parser, schema and manual all come from it.
template <typename T>
struct Key {
    std::string name;
    std::string doc;    ///< one line
    JsonObject schema;  ///< with title (what is expected), description and default
    bool required = false;
    std::function<bool(Context &, const Node &, T &)> read;
};

/// A key that is stored where `access` leads: a pointer to a member or a function from T & to V &.
/// Its default is what a fresh T has there.
template <typename T, typename Access, typename V>
Key<T> key(const std::string &name, Access access, const Type<V> &type, const std::string &doc) {
    T fresh{};
    JsonObject schema{{"title", json_string(type.expects)}, {"description", json_string(doc)}};
    schema.update(type.schema);
    schema.set("default", type.write(std::invoke(access, fresh)));
    return {.name = name,
            .doc = doc,
            .schema = std::move(schema),
            .required = false,
            .read = [access, read = type.read](Context &context, const Node &node, T &object) {
                return read(context, node, std::invoke(access, object));
            }};
}

/// The key must be given.
template <typename T>
Key<T> required(Key<T> key) {
    key.required = true;
    key.schema.erase("default");
    return key;
}

/// The default is no constant; `words` say what it is.
template <typename T>
Key<T> derived(Key<T> key, const std::string &words) {
    key.schema.erase("default");
    key.schema.set("description", json_string(key.doc + "; default: " + words));
    return key;
}

/// The keys of one kind of object, and what must hold between them.
template <typename T>
struct Table {
    std::string noun;  ///< "a listener"
    std::vector<Key<T>> keys;

    /// Checks across keys and fills in derived defaults; runs last, also after problems.
    std::function<void(Context &, const Node &, T &)> finish = nullptr;

    JsonObject extra{};  ///< what finish() checks, as far as a schema can say it

    const Key<T> *find(std::string_view name) const {
        for (const Key<T> &key : keys)
            if (key.name == name) return &key;
        return nullptr;
    }

    std::vector<std::string_view> names() const {
        std::vector<std::string_view> names;
        names.reserve(keys.size());
        for (const Key<T> &key : keys) names.push_back(key.name);
        return names;
    }

    JsonObject schema() const {
        JsonObject properties;
        std::vector<std::string> needed;
        for (const Key<T> &key : keys) {
            properties.set(key.name, key.schema.text());
            if (key.required) needed.push_back(json_string(key.name));
        }
        JsonObject schema{{"type", json_string("object")},
                          {"additionalProperties", "false"},
                          {"properties", properties.text()}};
        if (!needed.empty()) schema.set("required", json_array(needed));
        schema.update(extra);
        return schema;
    }
};

/// Reads an object by its table; reports every problem in it.
template <typename T>
bool read_object(Context &context, const Node &node, const Table<T> &table, T &object) {
    if (node.kind != Node::Kind::object)
        return fail_kind(context, node, table.noun + " (an object)");
    const std::size_t problems = context.problem_count();
    std::vector<std::string_view> meant;  // a misspelled key is not missing as well
    for (const Member &member : node.members) {
        const Key<T> *key = table.find(member.key);
        if (key == nullptr) {
            context.fail_key(member, "unknown key" + did_you_mean(member.key, table.names()));
            if (const auto near = closest(member.key, table.names())) meant.push_back(*near);
        } else if (!member.duplicate) {
            key->read(context, member.value, object);
        }
    }
    for (const Key<T> &key : table.keys)
        if (key.required && node.find(key.name) == nullptr &&
            std::ranges::find(meant, key.name) == meant.end())
            context.fail(node, table.noun + " needs the key " + quote(key.name));
    if (table.finish) table.finish(context, node, object);
    return context.problem_count() == problems;
}

/// An object of that table.  The table must live for ever.
template <typename T>
Type<T> object(const Table<T> &table) {
    return {.expects = table.noun + " (an object)",
            .read = [&table](Context &context, const Node &node,
                             T &value) { return read_object(context, node, table, value); },
            .schema = table.schema(),
            // Each key brings its own default.
            .write = [](const T &) { return JsonObject{}.text(); }};
}

/// An object whose keys are names: {"web": {...}}.  T has a member `name`.
template <typename T>
Type<std::vector<T>> named(const Table<T> &table, std::size_t min, std::size_t max) {
    const std::string expects = "an object from names to " + table.noun.substr(2) + "s";
    const std::string pattern = json_string("^" + std::string{name_pattern} + "$");
    JsonObject schema{{"type", json_string("object")},
                      {"propertyNames", JsonObject{{"pattern", pattern}}.text()},
                      {"minProperties", json_number(min)},
                      {"maxProperties", json_number(max)},
                      {"additionalProperties", table.schema().text()}};
    const auto read = [=, &table](Context &context, const Node &node, std::vector<T> &values) {
        if (node.kind != Node::Kind::object) return fail_kind(context, node, expects);
        const std::size_t problems = context.problem_count();
        if (node.members.size() < min || node.members.size() > max) {
            context.fail(node, "has " + std::to_string(node.members.size()) + " names, expected " +
                                   std::to_string(min) + ".." + std::to_string(max));
            return false;
        }
        for (const Member &member : node.members) {
            if (member.duplicate) continue;
            T &value = values.emplace_back();
            value.name = member.key;
            if (!is_name(member.key))
                context.fail_key(member, quote(member.key) + " is not " + name().expects);
            read_object(context, member.value, table, value);
        }
        return context.problem_count() == problems;
    };
    return {.expects = expects,
            .read = read,
            .schema = std::move(schema),
            .write = [](const std::vector<T> &) { return JsonObject{}.text(); }};
}

}  // namespace uvoy::config
