#include "config/load.h"

#include "base/hash.h"
#include "config/context.h"
#include "config/read_file.h"
#include "config/shown.h"
#include "config/tables.h"
#include "config/utf8.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace uvoy::config {

namespace {

std::string hexadecimal(std::uint64_t value) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
    return text.data();
}

}  // namespace

std::optional<std::string> process_environment(const std::string &name) {
    // Nobody calls setenv() in this process, so no thread can pull the value away.
    const char *value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    return std::string{value};
}

Loaded parse(std::string_view text, const Environment &environment) {
    const Document document{text};
    if (document.root() == nullptr)
        return {.config = std::nullopt, .problems = document.problems()};
    Context context{document, environment};
    Config config;
    read_object(context, *document.root(), top_table(), config);
    Loaded loaded{.config = std::nullopt, .problems = context.take_problems()};
    if (loaded.problems.empty()) loaded.config = std::move(config);
    return loaded;
}

Loaded load(const std::string &path) { return load_shown(path).loaded; }

Shown load_shown(const std::string &path) {
    const Result<std::string, std::string> text = read_file(path, Document::max_bytes);
    if (!text)
        return {.loaded = {
                    .config = std::nullopt,
                    .problems = {{.line = 1, .column = 1, .pointer = {}, .text = text.error()}}}};
    Shown result{.loaded = parse(*text)};
    result.loaded.hash = hexadecimal(hash(*text, 0));
    if (result.loaded.config) result.text = shown(*Document{*text}.root());
    return result;
}

Result<std::optional<Address>, std::string> load_admin_address(const std::string &path) {
    using Wrong = Unexpected<std::string>;
    const Result<std::string, std::string> text = read_file(path, Document::max_bytes);
    if (!text) return Wrong{escape_controls(path) + ": " + text.error()};
    const Document document{*text};
    if (document.root() == nullptr) return Wrong{format(path, document.problems().front())};
    const Environment environment = process_environment;
    Context context{document, environment};
    Config config;
    if (const Node *const admin = document.root()->find("admin"))
        top_table().find("admin")->read(context, *admin, config);
    if (const auto problems = context.take_problems(); !problems.empty())
        return Wrong{format(path, problems.front())};
    if (!config.admin) return std::optional<Address>{};
    return std::optional{config.admin->address};
}

std::string format(const std::string &path, const Problem &problem) {
    std::string text = escape_controls(path) + ':' + std::to_string(problem.line) + ':' +
                       std::to_string(problem.column) + ": error: ";
    if (!problem.pointer.empty()) text += problem.pointer + ": ";
    return text + problem.text;
}

}  // namespace uvoy::config
