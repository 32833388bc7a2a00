#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace uvoy::cli {

namespace {

bool is_number(std::string_view cell) {
    return cell.find_first_not_of("0123456789.%-") == std::string_view::npos;
}

}  // namespace

std::string TextTable::text() const {
    const std::size_t columns = rows_.front().size();
    std::vector<std::size_t> widths(columns);
    std::vector<bool> numbers(columns, rows_.size() > 1);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        for (std::size_t k = 0; k < columns; ++k) {
            widths[k] = std::max(widths[k], rows_[i][k].size());
            if (i > 0) numbers[k] = numbers[k] && is_number(rows_[i][k]);
        }
    }
    std::string text;
    for (const std::vector<std::string> &row : rows_) {
        std::string line;
        for (std::size_t k = 0; k < columns; ++k) {
            if (k > 0) line += "  ";
            line += numbers[k] ? fmt::format("{:>{}}", row[k], widths[k])
                               : fmt::format("{:<{}}", row[k], widths[k]);
        }
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

}  // namespace uvoy::cli
