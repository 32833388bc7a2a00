#pragma once

#include "base/result.h"
#include "config/config.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvoy::config {

/// One mistake in a configuration file.
struct Problem {
    std::size_t line = 1;    ///< counts from 1
    std::size_t column = 1;  ///< counts from 1, in characters (code points), not bytes
    std::string pointer;     ///< RFC 6901; empty for the whole file
    std::string text;        ///< one line, never the value of a ${...} reference
};

/// `config` is set if and only if there are no problems.  Problems come in the order of the file.
struct Loaded {
    std::optional<Config> config;
    std::vector<Problem> problems;
    std::string hash{};  ///< of a file: hexadecimal, tells the files of a fleet apart
};

/// Where the value of ${ENV:NAME} comes from; nullopt = not set.
using Environment = std::function<std::optional<std::string>(const std::string &name)>;

/// The variables of this process.
std::optional<std::string> process_environment(const std::string &name);

/// Checks the whole text and finds all mistakes in it.  Opens no file but those that a ${FILE:...}
/// in the text names.
Loaded parse(std::string_view text, const Environment &environment = process_environment);

/// parse() of a file.  A file that cannot be read is a problem at 1:1.
Loaded load(const std::string &path);

/// Where the admin API of a file is, even if the rest of it has mistakes; no value: there is none.
/// The error is one line for people.
Result<std::optional<Address>, std::string> load_admin_address(const std::string &path);

/// "FILE:LINE:COLUMN: error: /POINTER: TEXT", without a line feed.
std::string format(const std::string &path, const Problem &problem);

}  // namespace uvoy::config
