#pragma once

#include "config/load.h"
#include "config/node.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::config {

/// A JSON text with comments as a tree with positions.
class Document {
public:
    static constexpr std::size_t max_bytes = std::size_t{16} * 1024 * 1024;
    static constexpr std::size_t max_depth = 64;
    static constexpr std::size_t max_values = 1'000'000;
    static constexpr std::size_t max_key_bytes = 256;
    static constexpr std::size_t max_duplicates = 100;  ///< reported; more are marked only

    /// `text` must outlive the document.
    explicit Document(std::string_view text);

    /// Null if the text is not JSON: then there is exactly one problem.
    const Node *root() const { return root_.get(); }

    /// What is wrong with the text as JSON: the one syntax error, or each duplicate key.
    const std::vector<Problem> &problems() const { return problems_; }

    Problem problem_at(std::size_t offset, std::string pointer, std::string text) const;

private:
    void link(Node &node);
    void mark_duplicates(Node &object);

    std::string_view text_;
    std::vector<std::size_t> line_starts_;
    std::unique_ptr<Node> root_;
    std::vector<Problem> problems_;
};

}  // namespace uvoy::config
