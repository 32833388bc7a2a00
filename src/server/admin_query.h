#pragma once

#include "server/steering.h"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uvoy::server {

/// RFC 3986 section 2.1; what is no escape stays.
std::string percent_decoded(std::string_view text);

/// What stands behind the "?" of an admin request: names and values, decoded.
class Query {
public:
    explicit Query(std::string_view text);

    /// Nothing is taken and ignored: refuses parameters that are not `known`, and those that are
    /// there twice.
    std::optional<Refusal> refuse_others(std::initializer_list<std::string_view> known) const;

    const std::string *find(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace uvoy::server
