#include "config/schema.h"

#include "config/tables.h"

#include <nlohmann/json.hpp>

namespace uvoy::config {

std::string schema() {
    JsonObject schema{{"$schema", json_string("http://json-schema.org/draft-07/schema#")},
                      {"title", json_string("uvoy configuration")}};
    schema.update(top_table().schema());
    constexpr int indent = 2;
    return nlohmann::ordered_json::parse(schema.text()).dump(indent) + '\n';
}

}  // namespace uvoy::config
