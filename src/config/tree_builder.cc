#include "config/tree_builder.h"

#include "config/document.h"
#include "config/scanner.h"
#include "config/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace uvoy::config {

namespace {

using nlohmann::json;

/// nlohmann's sentence without its prefix and without the bytes it read last, which may be the
/// whole rest of the file.
std::string plain_words(std::string_view what) {
    if (const auto dash = what.find(" - "); dash != what.npos) what.remove_prefix(dash + 3);
    std::string words{what};
    const auto last_read = words.find("; last read: '");
    if (last_read != words.npos) words.erase(last_read, words.rfind('\'') - last_read + 1);
    return escape_controls(words.substr(0, 200));
}

/// Receives nlohmann's events, in the order of the text, and grows the tree.
class TreeBuilder final : public json::json_sax_t {
public:
    TreeBuilder(std::string_view text, Node &root) : text_{text}, root_{root}, scanner_{text} {}

    SyntaxError take_error() { return std::move(error_); }

    bool null() override { return add(Node::Kind::null) != nullptr; }
    bool boolean(bool value) override {
        Node *node = add(Node::Kind::boolean);
        if (node != nullptr) node->boolean = value;
        return node != nullptr;
    }
    bool number_integer(number_integer_t value) override {
        Node *node = add(Node::Kind::integer);
        if (node == nullptr) return false;
        node->integer = value;
        node->number = static_cast<double>(value);
        return true;
    }
    bool number_unsigned(number_unsigned_t value) override {
        constexpr auto most = std::numeric_limits<number_integer_t>::max();
        return number_integer(
            static_cast<number_integer_t>(std::min(value, static_cast<number_unsigned_t>(most))));
    }
    bool number_float(number_float_t value, const string_t &) override {
        Node *node = add(Node::Kind::number);
        if (node != nullptr) node->number = value;
        return node != nullptr;
    }
    bool string(string_t &value) override {
        Node *node = add(Node::Kind::string);
        if (node != nullptr) node->text = std::move(value);
        return node != nullptr;
    }
    bool binary(binary_t &) override { return false; }

    bool start_object(std::size_t) override { return open(Node::Kind::object); }
    bool start_array(std::size_t) override { return open(Node::Kind::array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t &value) override {
        const std::size_t offset = scanner_.next();
        if (value.size() > Document::max_key_bytes)
            return fail(offset, "a key longer than 256 bytes");
        Member &member = open_.back()->members.emplace_back();
        member.key = std::move(value);
        member.offset = offset;
        return true;
    }

    bool parse_error(std::size_t position, const std::string &,
                     const json::exception &exception) override {
        // `position` is behind the bad token.  A comma or colon that is itself too much lies in
        // the gap before the scanner's next token; the end of the text counts as one byte.
        const std::size_t next = scanner_.peek();
        const bool in_gap = position <= text_.size() && position > 0 && position - 1 < next;
        const std::size_t start = in_gap ? position - 1 : next;
        return fail(start, explain(start, exception));
    }

private:
    std::string explain(std::size_t start, const json::exception &exception) const {
        constexpr int out_of_range = 406;
        if (exception.id == out_of_range) return "the number is too large";
        std::string words = plain_words(exception.what());
        if (start >= text_.size())
            return values_ == 0 ? "the file is empty" : "the file ends too early: " + words;
        const bool closes = text_[start] == '}' || text_[start] == ']';
        if (closes && scanner_.comma_before_next())
            return "a comma stands before the closing bracket: " + words;
        if (words.ends_with("expected '}'") || words.ends_with("expected ']'"))
            return "a comma is missing here or a bracket is not closed: " + words;
        return words;
    }

    bool fail(std::size_t offset, std::string text) {
        error_ = {offset, std::move(text)};
        return false;
    }

    Node *add(Node::Kind kind) {
        const std::size_t offset = scanner_.next();
        if (++values_ > Document::max_values) {
            fail(offset, "more than 1000000 values");
            return nullptr;
        }
        Node *node = &root_;
        if (!open_.empty()) {
            Node &parent = *open_.back();
            if (parent.kind == Node::Kind::array) node = &parent.items.emplace_back();
            else node = &parent.members.back().value;
        }
        node->kind = kind;
        node->offset = offset;
        return node;
    }

    bool open(Node::Kind kind) {
        Node *node = add(kind);
        if (node == nullptr) return false;
        if (open_.size() == Document::max_depth)
            return fail(node->offset, "nested deeper than 64 levels");
        open_.push_back(node);
        return true;
    }

    bool close() {
        scanner_.next();
        open_.pop_back();
        return true;
    }

    std::string_view text_;
    Node &root_;
    Scanner scanner_;
    std::vector<Node *> open_;  ///< from the root down; only the last one grows, so none moves
    std::size_t values_ = 0;
    SyntaxError error_;
};

}  // namespace

SyntaxError build_tree(std::string_view text, Node &root) {
    TreeBuilder builder{text, root};
    constexpr bool strict = true;
    constexpr bool with_comments = true;
    json::sax_parse(text.begin(), text.end(), &builder, json::input_format_t::json, strict,
                    with_comments);
    return builder.take_error();
}

}  // namespace uvoy::config
