#pragma once

#include "config/document.h"
#include "config/load.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::config {

/// What the readers of one file share: the names it defines, the environment, the problems.
class Context {
public:
    /// More problems than this are not told apart any more.
    static constexpr std::size_t max_problems = 1000;

    /// The document has a root; both arguments outlive the context.
    Context(const Document &document, const Environment &environment);

    void fail(const Node &node, std::string text) { fail_at(node.offset, node, std::move(text)); }
    /// Like fail(), placed at the key instead of the value.
    void fail_key(const Member &member, std::string text) {
        fail_at(member.offset, member.value, std::move(text));
    }

    /// The string with its references resolved; nullopt after it reported a problem.
    std::optional<std::string> expand(const Node &string);

    /// Names in a section of the top level ("clusters", ...), in the order of their indices.  The
    /// sections may refer to each other in any order, so the names come from the tree.
    std::vector<std::string_view> names(std::string_view section) const;

    std::size_t problem_count() const { return problems_.size(); }

    /// In the order of the file.
    std::vector<Problem> take_problems();

private:
    void fail_at(std::size_t offset, const Node &node, std::string text);

    const Document &document_;
    const Environment &environment_;
    std::vector<Problem> problems_;
};

}  // namespace uvoy::config
