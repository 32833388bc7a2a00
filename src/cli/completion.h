#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
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

/// What stands before the word that is completed.
struct Given {
    std::span<const std::string> words;    ///< all, options too
    std::vector<std::string> positionals;  ///< those of the command
};

/// Names that only a running uvoy knows, of what an option's or positional's type says.
using Names = std::function<std::vector<std::string>(std::string_view type, const Given &given)>;

/// What the last of the words behind the program's name may become; it may be empty.  Commands and
/// options that belong to no group are not for people, and left out.
std::vector<Candidate> complete(const CLI::App &app, std::span<const std::string> words,
                                const Names &names);

/// A line for each: the word and, behind a tab, its help.
std::string to_lines(std::span<const Candidate> candidates);

}  // namespace uvoy::cli
