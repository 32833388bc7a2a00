#pragma once

#include <string>
#include <utility>
#include <vector>

namespace uvoy::cli {

/// Rows under a heading, in columns that are as wide as they must be, two blanks between them.
/// Columns of numbers (all but the heading) are aligned to the right.
class TextTable {
public:
    explicit TextTable(std::vector<std::string> heading) : rows_{{std::move(heading)}} {}

    /// As many cells as the heading has.
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    /// Each line with its line feed.
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace uvoy::cli
