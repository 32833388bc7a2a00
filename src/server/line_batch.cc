#include "server/line_batch.h"

namespace uvoy::server {

LineBatch::Pieces LineBatch::take(const LogRing::Pieces &found) {
    auto [first, second] = found;
    size_ = first.size() + second.size();
    // None of it in the first piece: npos + 1 is 0.
    const std::string_view begun = first.substr(first.rfind('\n') + 1);
    joined_.clear();
    if (!begun.empty()) {
        const std::string_view rest = second.substr(0, second.find('\n') + 1);
        joined_.append(begun).append(rest);
        first.remove_suffix(begun.size());
        second.remove_prefix(rest.size());
    }
    return {first, joined_, second};
}

}  // namespace uvoy::server
