#include "config/context.h"

#include "config/reference.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace uvoy::config {

Context::Context(const Document &document, const Environment &environment)
    : document_{document}, environment_{environment}, problems_{document.problems()} {}

void Context::fail_at(std::size_t offset, const Node &node, std::string text) {
    if (problems_.size() > max_problems) return;
    if (problems_.size() == max_problems)
        text = "there are more problems; the first 1000 are shown";
    problems_.push_back(document_.problem_at(offset, pointer_to(node), std::move(text)));
}

std::optional<std::string> Context::expand(const Node &string) {
    Result<std::string, std::string> text = config::expand(string.text, environment_);
    if (text) return std::move(*text);
    fail(string, text.error());
    return std::nullopt;
}

std::vector<std::string_view> Context::names(std::string_view section) const {
    std::vector<std::string_view> names;
    const Node *object = document_.root()->find(section);
    if (object == nullptr) return names;
    for (const Member &member : object->members)
        if (!member.duplicate) names.push_back(member.key);
    return names;
}

std::vector<Problem> Context::take_problems() {
    std::stable_sort(problems_.begin(), problems_.end(), [](const Problem &a, const Problem &b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return std::move(problems_);
}

}  // namespace uvoy::config
