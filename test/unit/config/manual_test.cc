#include "config/manual.h"

#include "config/schema.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace uvoy::config {

namespace {

using Json = nlohmann::ordered_json;

/// The schema of an object with one key.
Json object_with(const std::string &key, Json value) {
    return {{"type", "object"}, {"properties", {{key, std::move(value)}}}};
}

/// A key of no interest but what `more` says.
Json value_with(const Json &more = Json::object()) {
    Json value{{"title", "anything"}, {"description", "a thing"}};
    value.update(more);
    return value;
}

bool holds(const std::string &page, const std::string &text) {
    return page.find(text) != std::string::npos;
}

std::size_t count(const std::string &page, const std::string &text) {
    std::size_t found = 0;
    for (std::size_t at = page.find(text); at != page.npos; at = page.find(text, at + 1)) ++found;
    return found;
}

/// Keys that a file may hold, in this schema and below; objects that stand twice count once.
std::size_t count_keys(const Json &schema, std::vector<Json> &seen) {
    std::size_t keys = 0;
    const bool is_new = !schema.contains("properties") ||
                        std::find(seen.begin(), seen.end(), schema["properties"]) == seen.end();
    if (schema.contains("properties") && is_new) {
        seen.push_back(schema["properties"]);
        for (const Json &value : schema["properties"])
            keys += value.contains("not") ? 0 : 1 + count_keys(value, seen);
    }
    if (schema.contains("items")) keys += count_keys(schema["items"], seen);
    if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        keys += count_keys(schema["additionalProperties"], seen);
    if (schema.contains("anyOf"))
        for (const Json &choice : schema["anyOf"]) keys += count_keys(choice, seen);
    return keys;
}

}  // namespace

TEST_CASE("the manual has every key of the schema") {
    std::vector<Json> seen;
    const std::size_t keys = count_keys(Json::parse(schema()), seen);
    CHECK(keys >= 75);
    const std::string page = manual_keys(schema());
    CHECK(count(page, "\n.It Ic ") == keys);
    CHECK(count(page, "\nvalue: ") == keys);
    CHECK(count(page, ".Ss ") == seen.size());
    CHECK(holds(page,
                ".It Ic drain_timeout\nhow long exchanges in flight may take after SIGTERM\n"
                ".br\nvalue: a duration such as \\(dq250ms\\(dq or \\(dq1m30s\\(dq in "
                "0s..24h\n.br\ndefault: \\(dq30s\\(dq\n"));
}

TEST_CASE("the manual says what is required, and what the default is, in words too") {
    Json schema = object_with("a", value_with({{"default", 7}}));
    schema["properties"]["b"] = value_with({{"description", "b; default: as a"}});
    schema["properties"]["c"] = value_with({{"default", Json::object()}});
    schema["properties"]["d"] = value_with();
    schema["required"] = {"d"};
    CHECK(manual_keys(schema.dump()) ==
          ".Ss Top level\n.Bl -tag -width Ds\n"
          ".It Ic a\na thing\n.br\nvalue: anything\n.br\ndefault: 7\n"
          ".It Ic b\nb\n.br\nvalue: anything\n.br\ndefault: as a\n"
          ".It Ic c\na thing\n.br\nvalue: anything\n"
          ".It Ic d\na thing\n.br\nvalue: anything\n.br\nrequired\n.El\n");
}

TEST_CASE("objects have a section each, and one for all that are alike") {
    const Json part = object_with("x", value_with());
    const Json names{{"type", "object"}, {"additionalProperties", part}};
    const Json many{{"anyOf", {part, {{"type", "array"}, {"items", part}}}}};
    const Json other{{"type", "array"}, {"items", object_with("y", value_with())}};
    Json schema = object_with("a", value_with(names));
    schema["properties"]["b"] = value_with(many);
    schema["properties"]["c"] = value_with(other);
    const std::string page = manual_keys(schema.dump());
    CHECK(count(page, ".Ss ") == 3);
    CHECK(holds(page, ".Ss a.NAME\n.Bl -tag -width Ds\n.It Ic x\n"));
    CHECK(holds(page, ".Ss c[]\n.Bl -tag -width Ds\n.It Ic y\n"));
    CHECK(count(page, ".br\nkeys: see\n.Sx a.NAME\n") == 2);
    CHECK(count(page, ".br\nkeys: see\n.Sx c[]\n") == 1);
}

TEST_CASE("nothing in a description is taken for a request of the formatter") {
    const Json schema = object_with("a", value_with({{"description", R"(.x \y 'z' "~^`)"}}));
    CHECK(holds(manual_keys(schema.dump()), "\n\\&.x \\ey \\(aqz\\(aq \\(dq\\(ti\\(ha\\(ga\n"));
}

TEST_CASE("a key that no file may hold is not in the manual") {
    const Json schema = object_with("a", value_with({{"not", Json::object()}}));
    CHECK(count(manual_keys(schema.dump()), ".It") == 0);
}

TEST_CASE("the page says whose it is") {
    const std::string page = manual("1.2.3");
    CHECK(holds(page, ".Dt UVOY.JSON 5\n.Os uvoy 1.2.3\n"));
    CHECK(holds(page, manual_keys(schema())));
}

}  // namespace uvoy::config
