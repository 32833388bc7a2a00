#include "config/reference.h"

#include "config/read_file.h"
#include "config/utf8.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace uvoy::config {

namespace {

using Text = Result<std::string, std::string>;
using Wrong = Unexpected<std::string>;

bool is_variable_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           std::all_of(name.begin(), name.end(), fits);
}

Text variable(std::string_view body, const Environment &environment) {
    const std::size_t dash = body.find(":-");
    const std::string name{body.substr(0, dash)};
    if (!is_variable_name(name))
        return Wrong{quote(name) + " is not the name of an environment variable"};
    if (std::optional<std::string> value = environment(name)) return std::move(*value);
    if (dash != body.npos) return std::string{body.substr(dash + 2)};
    return Wrong{"the environment variable " + name + " is not set; ${ENV:" + name +
                 ":-value} gives a default"};
}

Text file(std::string_view body) {
    const std::string path{body};
    if (!path.starts_with('/'))
        return Wrong{"${FILE:...} needs an absolute path, got " + quote(path)};
    Text content = read_file(path, max_expanded_bytes);
    if (!content) return Wrong{"file " + quote(path) + ": " + content.error()};
    if (content->ends_with('\n')) content->pop_back();
    if (content->ends_with('\r')) content->pop_back();
    return content;
}

/// The value of what stands between "${" and "}".
Text resolve(std::string_view reference, const Environment &environment) {
    constexpr std::string_view env = "ENV:";
    constexpr std::string_view from_file = "FILE:";
    const bool is_env = reference.starts_with(env);
    if (!is_env && !reference.starts_with(from_file))
        return Wrong{"unknown reference " + quote("${" + std::string{reference} + "}") +
                     ", expected ${ENV:NAME} or ${FILE:/path}; write $${ for a plain ${"};
    Text value = is_env ? variable(reference.substr(env.size()), environment)
                        : file(reference.substr(from_file.size()));
    if (!value) return value;
    const bool is_text =
        value->find('\0') == value->npos && find_invalid_utf8(*value) == std::string::npos;
    if (!is_text)
        return Wrong{"the value of " + quote("${" + std::string{reference} + "}") +
                     " is not UTF-8 text"};
    return value;
}

}  // namespace

bool has_reference(std::string_view text) { return text.find("${") != text.npos; }

Text expand(std::string_view text, const Environment &environment) {
    std::string expanded;
    while (!text.empty()) {
        const std::size_t start = text.find("${");
        expanded += text.substr(0, start);
        if (start == text.npos) break;
        text.remove_prefix(start + 2);
        if (expanded.ends_with('$')) {
            expanded += '{';
            continue;
        }
        const std::size_t end = text.find('}');
        if (end == text.npos) return Wrong{"${ is not closed by }"};
        Text value = resolve(text.substr(0, end), environment);
        if (!value) return value;
        expanded += *value;
        if (expanded.size() > max_expanded_bytes)
            return Wrong{"its references make it larger than 1 MiB"};
        text.remove_prefix(end + 1);
    }
    return expanded;
}

}  // namespace uvoy::config
