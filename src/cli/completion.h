#pragma once

#include <span>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): a library's
class App;
}

namespace uvoy::cli {

/// What may stand in the place of a word.
struct Candidate {
    std::string word;  ///< `any_file` = the name of a file
    std::string help;  ///< one line, maybe empty

    static constexpr const char *any_file = ":file";

    bool operator==(const Candidate &) const = default;
};

/// What the last of the words behind the program's name may become; it may be empty.  Commands and
/// options that belong to no group are not for people, and left out.
std::vector<Candidate> complete(const CLI::App &app, std::span<const std::string> words);

/// A line for each: the word and, behind a tab, its help.
std::string to_lines(std::span<const Candidate> candidates);

}  // namespace uvoy::cli
