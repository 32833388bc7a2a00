#include "config/suggest.h"

#include "config/utf8.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace uvoy::config {

namespace {

constexpr std::size_t longest = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Optimal string alignment distance; both words at most `longest` bytes.
std::size_t distance(std::string_view a, std::string_view b) {
    using Row = std::array<std::size_t, longest + 1>;
    Row before_last{};
    Row last{};
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = last;
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::optional<std::string_view> closest(std::string_view word,
                                        const std::vector<std::string_view> &candidates) {
    std::optional<std::string_view> best;
    if (word.empty() || word.size() > longest) return best;
    std::size_t limit = std::max<std::size_t>(word.size() / 3, 1) + 1;
    limit = std::min(limit, word.size());
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > longest) continue;
        const std::size_t edits = distance(word, candidate);
        if (edits >= limit) continue;
        limit = edits;
        best = candidate;
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view> &candidates) {
    const std::optional<std::string_view> best = closest(word, candidates);
    return best ? ", did you mean " + quote(*best) + "?" : "";
}

}  // namespace uvoy::config
