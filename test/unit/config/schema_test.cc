#include "config/schema.h"

#include "problems.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>

namespace uvoy::config {

namespace {

using Json = nlohmann::ordered_json;

/// Calls `visit` with each object schema and the path of keys that leads there; "*" stands for a
/// name or an index.
using Visit = std::function<void(const std::string &path, const Json &object)>;
void walk(const std::string &path, const Json &schema, const Visit &visit) {
    if (schema.contains("properties")) {
        visit(path, schema);
        for (const auto &[key, inner] : schema["properties"].items())
            walk(path + '/' + key, inner, visit);
    }
    if (schema.contains("items")) walk(path + "/*", schema["items"], visit);
    if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        walk(path + "/*", schema["additionalProperties"], visit);
    if (schema.contains("anyOf"))
        for (const Json &choice : schema["anyOf"]) walk(path, choice, visit);
}

/// A valid file that has every kind of object, in its long form; of two that exclude each other the
/// one that leads to `path`.
Json full_file(const std::string &path = {}) {
    Json file = Json::parse(R"({
        "listeners": {"*": {"address": ["0.0.0.0:80"], "normalize": {}, "timeouts": {},
                            "limits": {}}},
        "clusters": {"*": {"endpoints": [{"address": "a:1"}],
            "load_balancing": {"hash_key": [{"header": "a"}]},
            "health_check": {"type": "http"}, "outlier_detection": {}, "retry_budget": {},
            "limits": {}, "timeouts": {}}},
        "routes": [{"match": {"path": {"prefix": "/"}}, "respond": {"headers": {}}, "retry": {},
                    "hash_key": [{"query": "a"}]}],
        "rate_limits": {"*": {"rate": "1/s", "key": [{"header": "a"}]}},
        "admin": {}, "access_log": [{}], "shutdown": {}, "limits": {}
    })");
    if (path.starts_with("/clusters/*/discovery")) {
        file["clusters"]["*"].erase("endpoints");
        file["clusters"]["*"]["discovery"] = {{"dns", "a:1"}};
    }
    return file;
}

/// The object of full_file() at a path of walk().
Json *at(Json &file, const std::string &path) {
    Json *json = &file;
    std::size_t start = 1;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string key = path.substr(start, end - start);
        if (json->is_array()) json = &json->at(0);
        else if (key != "*" && !json->contains(key)) return nullptr;
        else json = &json->at(key);
        start = end + 1;
    }
    return json->is_array() ? &json->at(0) : json;
}

/// A file uses names with letters only; the star is the test's own.
Loaded parse_json(const Json &file) {
    std::string text = file.dump();
    for (std::size_t star = text.find("\"*\""); star != text.npos; star = text.find("\"*\""))
        text[star + 1] = 'x';
    return parse_for_test(text);
}

}  // namespace

TEST_CASE("every key of the schema has a type, a description, and a default or a reason for none") {
    std::size_t keys = 0;
    walk("", Json::parse(schema()), [&](const std::string &path, const Json &object) {
        CHECK(object["additionalProperties"] == false);
        std::vector<std::string> required;
        if (object.contains("required")) required = object["required"];
        for (const auto &entry : object["properties"].items()) {
            const std::string &key = entry.key();
            const Json &value = entry.value();
            CAPTURE(path + '/' + key);
            ++keys;
            CHECK((value.contains("type") || value.contains("anyOf")));
            REQUIRE(value.contains("description"));
            const std::string description = value["description"];
            CHECK(description.size() >= 10);
            const bool needed = std::find(required.begin(), required.end(), key) != required.end();
            const bool told = description.find("; default: ") != description.npos;
            CHECK(int{needed} + int{told} + int{value.contains("default")} == 1);
        }
    });
    CHECK(keys >= 75);
}

TEST_CASE("the parser accepts every key with the default that the schema states") {
    REQUIRE(parse_json(full_file()).config.has_value());
    std::size_t tried = 0;
    walk("", Json::parse(schema()), [&](const std::string &path, const Json &object) {
        for (const auto &entry : object["properties"].items()) {
            const std::string &key = entry.key();
            const Json &value = entry.value();
            if (!value.contains("default")) continue;
            Json file = full_file(path);
            Json *target = at(file, path);
            CAPTURE(path + '/' + key);
            REQUIRE(target != nullptr);
            if (target->contains(key)) continue;
            (*target)[key] = value["default"];
            const Loaded loaded = parse_json(file);
            CAPTURE(joined(lines_of(loaded)));
            CHECK(loaded.config.has_value());
            ++tried;
        }
    });
    CHECK(tried >= 40);
}

TEST_CASE("every object that the schema closes is closed for the parser") {
    std::size_t tried = 0;
    walk("", Json::parse(schema()), [&](const std::string &path, const Json &) {
        Json file = full_file(path);
        Json *target = at(file, path);
        CAPTURE(path);
        REQUIRE(target != nullptr);
        (*target)["zzzz"] = 1;
        const Loaded loaded = parse_json(file);
        CAPTURE(joined(lines_of(loaded)));
        REQUIRE(loaded.problems.size() == 1);
        CHECK(loaded.problems[0].text == "unknown key");
        ++tried;
    });
    CHECK(tried >= 20);
}

TEST_CASE("a key that the schema requires is required by the parser") {
    walk("", Json::parse(schema()), [&](const std::string &path, const Json &object) {
        if (!object.contains("required")) return;
        for (const std::string key : object["required"]) {
            Json file = full_file(path);
            CAPTURE(path + '/' + key);
            REQUIRE(at(file, path) != nullptr);
            at(file, path)->erase(key);
            const Loaded loaded = parse_json(file);
            CAPTURE(joined(lines_of(loaded)));
            REQUIRE_FALSE(loaded.problems.empty());
            CHECK(loaded.problems[0].text.find("needs the key \"" + key + '"') !=
                  std::string::npos);
        }
    });
}

}  // namespace uvoy::config
