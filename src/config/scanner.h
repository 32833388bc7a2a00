#pragma once

#include <cstddef>
#include <string_view>

namespace uvoy::config {

/// Finds the offset of each token of a text whose tokens are already known to be well formed.
///
/// nlohmann's SAX interface checks the grammar, the escapes and the numbers, but tells its
/// handler no positions.  An accepted text needs no second parser to find them: the next token
/// begins after the blanks, comments, commas and colons that follow the last one.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_{text} {}

    /// Steps over the next token and returns the offset where it begins.
    std::size_t next();

    /// Where the next token begins.
    std::size_t peek() const { return skip().offset; }

    /// Whether a comma stands between the last token and the next.
    bool comma_before_next() const { return skip().comma; }

private:
    struct Gap {
        std::size_t offset;
        bool comma;
    };

    Gap skip() const;
    std::size_t end_of_token(std::size_t start) const;

    std::string_view text_;
    std::size_t end_ = 0;  ///< of the last token
};

}  // namespace uvoy::config
