#include "config/schema.h"

#include "config/tables.h"

namespace uvoy::config {

std::string schema() {
    Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                {"title", "uvoy configuration"}};
    schema.update(top_table().schema());
    constexpr int indent = 2;
    return schema.dump(indent) + '\n';
}

}  // namespace uvoy::config
