#include "route/path_index.h"

#include <algorithm>

namespace uvoy::route {

void PathIndex::add(const config::PathMatch &match, std::uint32_t route) {
    Entry entry{.text = match.text};
    if (match.kind == config::PathMatch::Kind::exact) entry.exact = route;
    else entry.prefix = route;
    if (match.kind == config::PathMatch::Kind::any) entry.text = {};
    entries_.push_back(entry);
}

void PathIndex::finish() {
    std::ranges::sort(entries_, {}, &Entry::text);
    std::vector<Entry> merged;
    std::vector<std::uint32_t> ancestors;  // whose texts the present one may begin with
    for (const Entry &entry : entries_) {
        if (merged.empty() || merged.back().text != entry.text) {
            while (!ancestors.empty() && !entry.text.starts_with(merged[ancestors.back()].text))
                ancestors.pop_back();
            Entry next{.text = entry.text};
            if (!ancestors.empty()) next.parent = ancestors.back();
            ancestors.push_back(static_cast<std::uint32_t>(merged.size()));
            merged.push_back(next);
        }
        merged.back().exact = std::min(merged.back().exact, entry.exact);
        merged.back().prefix = std::min(merged.back().prefix, entry.prefix);
    }
    // Parents stand before their children.
    for (Entry &entry : merged)
        if (entry.parent != none)
            entry.prefix = std::min(entry.prefix, merged[entry.parent].prefix);
    entries_ = std::move(merged);
}

std::uint32_t PathIndex::find(std::string_view path) const {
    // What `path` begins with is the last text that is not above it, or one of its ancestors.
    const auto above = std::ranges::upper_bound(entries_, path, {}, &Entry::text);
    if (above == entries_.begin()) return none;
    const Entry *entry = &*std::prev(above);
    const std::uint32_t exact = entry->text == path ? entry->exact : none;
    while (!path.starts_with(entry->text)) {
        if (entry->parent == none) return none;
        entry = &entries_[entry->parent];
    }
    return std::min(exact, entry->prefix);
}

}  // namespace uvoy::route
