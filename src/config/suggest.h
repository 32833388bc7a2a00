#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::config {

/// The candidate that `word` probably means: few edits away (insert, delete, replace, swap of
/// neighbours), letter case aside.  The first of equals; nullopt if none is near.
std::optional<std::string_view> closest(std::string_view word,
                                        const std::vector<std::string_view> &candidates);

/// `, did you mean "X"?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view> &candidates);

}  // namespace uvoy::config
