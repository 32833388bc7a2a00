#include "config/document.h"

#include "config/tree_builder.h"
#include "config/utf8.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace uvoy::config {

namespace {

/// What makes a parser pointless, as a syntax error; an empty text if nothing does.
SyntaxError unreadable(std::string_view text) {
    if (text.size() > Document::max_bytes) return {0, "the file is larger than 16 MiB"};
    if (text.starts_with("\xef\xbb\xbf"))
        return {0, "the file begins with a byte order mark; save it as UTF-8 without one"};
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        return {0, "the file is UTF-16; save it as UTF-8"};
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        return {nul, "a NUL byte; this is not a text file"};
    if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos)
        return {bad, "not valid UTF-8"};
    return {};
}

}  // namespace

Document::Document(std::string_view text) : text_{text} {
    line_starts_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at))
        line_starts_.push_back(++at);

    SyntaxError error = unreadable(text);
    if (error.text.empty()) {
        root_ = std::make_unique<Node>();
        error = build_tree(text, *root_);
    }
    if (!error.text.empty()) {
        root_.reset();
        problems_.push_back(problem_at(error.offset, {}, std::move(error.text)));
        return;
    }
    link(*root_);
}

Problem Document::problem_at(std::size_t offset, std::string pointer, std::string text) const {
    const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    const std::size_t start = *(after - 1);
    return {.line = static_cast<std::size_t>(after - line_starts_.begin()),
            .column = 1 + count_characters(text_.substr(start, offset - start)),
            .pointer = std::move(pointer),
            .text = std::move(text)};
}

void Document::link(Node &node) {
    std::uint32_t index = 0;
    for (Node &item : node.items) {
        item.parent = &node;
        item.index = index++;
        link(item);
    }
    for (Member &member : node.members) {
        member.value.parent = &node;
        member.value.index = index++;
        link(member.value);
    }
    mark_duplicates(node);
}

void Document::mark_duplicates(Node &object) {
    std::unordered_map<std::string_view, const Member *> seen;
    for (Member &member : object.members) {
        const auto [first, is_new] = seen.emplace(member.key, &member);
        if (is_new) continue;
        member.duplicate = true;
        if (problems_.size() >= max_duplicates) continue;
        const Problem other = problem_at(first->second->offset, {}, {});
        problems_.push_back(problem_at(member.offset, pointer_to(member.value),
                                       "duplicate key, it stands at " + std::to_string(other.line) +
                                           ":" + std::to_string(other.column) + " already"));
    }
}

}  // namespace uvoy::config
