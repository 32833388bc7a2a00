#include "config/log_format.h"

#include "config/suggest.h"
#include "config/utf8.h"

#include <algorithm>
#include <array>

namespace uvoy::config {

namespace {

using Wrong = Unexpected<std::string>;

constexpr std::size_t longest_text = 4096;
constexpr std::size_t most_fields = 64;

/// In the order of LogField.
constexpr std::array<std::string_view, 27> field_names{
    "time",       "request_id", "trace_id",    "listener", "client", "protocol",  "method",
    "host",       "path",       "status",      "reason",   "route",  "cluster",   "backend",
    "attempts",   "received",   "sent",        "duration", "wait",   "connect",   "first_byte",
    "user_agent", "referer",    "common_time", "request",  "query",  "body_sent",
};
static_assert(field_names.size() == static_cast<std::size_t>(LogField::body_sent) + 1);

constexpr std::string_view combined =
    R"(%{client} - - [%{common_time}] "%{request}" %{status} %{body_sent} "%{referer}" )"
    R"("%{user_agent}")";

/// A line stays one line, and a terminal is left alone.
bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

Result<LogField, std::string> field_called(std::string_view name) {
    const auto *const found = std::ranges::find(field_names, name);
    if (found == field_names.end())
        return Wrong{"%{" + std::string{name} + "}: unknown field" +
                     did_you_mean(name, {field_names.begin(), field_names.end()})};
    return static_cast<LogField>(found - field_names.begin());
}

Result<std::vector<LogPart>, std::string> parts_of(std::string_view text) {
    std::vector<LogPart> parts{1};
    while (!text.empty()) {
        const std::size_t percent = std::min(text.find('%'), text.size());
        parts.back().text += text.substr(0, percent);
        text.remove_prefix(percent);
        if (text.starts_with("%%")) {
            parts.back().text += '%';
            text.remove_prefix(2);
        } else if (text.starts_with("%{")) {
            const std::size_t end = text.find('}');
            if (end == text.npos) return Wrong{"a \"%{\" without its \"}\""};
            const auto field = field_called(text.substr(2, end - 2));
            if (!field) return Wrong{field.error()};
            parts.back().field = *field;
            parts.emplace_back();
            text.remove_prefix(end + 1);
        } else if (!text.empty()) {
            return Wrong{"a percent sign that is not followed by \"{\"; write \"%%\" for the sign"};
        }
    }
    if (parts.back().text.empty()) parts.pop_back();
    return parts;
}

}  // namespace

std::string_view name(LogField field) { return field_names[static_cast<std::size_t>(field)]; }

bool LogFormat::has(LogField field) const {
    return std::ranges::find(parts, std::optional{field}, &LogPart::field) != parts.end();
}

Result<LogFormat, std::string> parse_log_format(const std::string &text) {
    if (text == "json") return LogFormat{};
    if (text.size() > longest_text) return Wrong{"longer than 4096 bytes"};
    if (std::ranges::any_of(text, is_control)) return Wrong{"a control character in it"};
    auto parts = parts_of(text == "combined" ? combined : text);
    if (!parts) return Wrong{parts.error()};
    const auto fields =
        std::ranges::count_if(*parts, [](const LogPart &part) { return part.field.has_value(); });
    if (fields == 0)
        return Wrong{quote(text) + " is not \"json\", \"combined\" or a text with %{field}" +
                     did_you_mean(text, {"json", "combined"})};
    if (static_cast<std::size_t>(fields) > most_fields) return Wrong{"more than 64 fields in it"};
    return LogFormat{.text = text, .parts = std::move(*parts)};
}

std::string log_format_pattern() {
    const std::string plain = R"((?:[^%\u0000-\u0008\u000a-\u001f\u007f]|%%)*)";
    std::string field = R"(%\{(?:)";
    for (const std::string_view name : field_names) field += std::string{name} + '|';
    field.back() = ')';
    field += R"(\})";
    return "json|combined|(?:" + plain + field + ")+" + plain;
}

}  // namespace uvoy::config
