#include "script.h"

#include <algorithm>

namespace uvoy::fuzz {

Script::Script(std::string_view text) : rest_{text} {
    if (text.size() >= 2) {
        timing_ = static_cast<unsigned char>(text[0]);
        options_ = static_cast<unsigned char>(text[1] - '0');
        rest_.remove_prefix(2);
    }
    rest_.remove_prefix(std::min(rest_.find('@'), rest_.size()));
}

std::optional<Script::Command> Script::next() {
    if (rest_.size() < 2) return std::nullopt;
    Command command{rest_[1], {}};
    rest_.remove_prefix(2);
    for (;;) {
        const std::size_t mark = std::min(rest_.find('@'), rest_.size());
        command.argument += rest_.substr(0, mark);
        rest_.remove_prefix(mark);
        if (!rest_.starts_with("@@")) return command;
        command.argument += '@';
        rest_.remove_prefix(2);
    }
}

}  // namespace uvoy::fuzz
