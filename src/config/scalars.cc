#include "config/scalars.h"

#include "config/parse_address.h"
#include "config/reference.h"
#include "config/suggest.h"
#include "config/units.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace uvoy::config {

namespace {

using Wrong = Unexpected<std::string>;

/// What says "X is not <what the form expects>".
Wrong misfit(const std::string &string, const Form &form) {
    return {quote(string) + " is not " + form.expects};
}

Wrong out_of_range(const std::string &string, const std::string &range) {
    return {quote(string) + " is not in " + range};
}

Type<Address> address(Form form, Result<Address, std::string> (*parse)(std::string_view)) {
    return string_type<Address>(
        std::move(form), [parse](const std::string &string) { return parse(string); },
        [](const Address &value) { return json_string(value.text()); });
}

}  // namespace

bool fail_kind(Context &context, const Node &node, const std::string &expects) {
    context.fail(node, "expected " + expects + ", got " + std::string{kind_name(node)});
    return false;
}

std::optional<std::string> read_string(Context &context, const Node &node, const Form &form) {
    if (node.kind == Node::Kind::string) return context.expand(node);
    if (form.has_unit && node.is_number())
        context.fail(node, "a bare number has no unit, expected " + form.expects);
    else fail_kind(context, node, form.expects);
    return std::nullopt;
}

bool fail_string(Context &context, const Node &node, const Form &form, std::string problem) {
    if (has_reference(node.text))
        problem = "the value of " + quote(node.text) + " is not accepted, expected " + form.expects;
    context.fail(node, std::move(problem));
    return false;
}

JsonObject string_schema(const Form &form) {
    return {{"type", json_string("string")},
            {"pattern", json_string("^(?:" + form.pattern + ")$|\\$\\{")}};
}

Type<bool> boolean() {
    return {.expects = "true or false",
            .read =
                [](Context &context, const Node &node, bool &value) {
                    if (node.kind != Node::Kind::boolean)
                        return fail_kind(context, node, "true or false");
                    value = node.boolean;
                    return true;
                },
            .schema = {{"type", json_string("boolean")}},
            .write = [](const bool &value) { return std::string{value ? "true" : "false"}; }};
}

JsonObject integer_schema(std::uint32_t min, std::uint32_t max) {
    return {{"type", json_string("integer")},
            {"minimum", json_number(min)},
            {"maximum", json_number(max)}};
}

bool read_integer(Context &context, const Node &node, std::int64_t min, std::int64_t max,
                  std::int64_t &value) {
    const std::string range = std::to_string(min) + ".." + std::to_string(max);
    if (node.kind == Node::Kind::number) {
        context.fail(node, "expected a whole number in " + range + ", without point or exponent");
        return false;
    }
    if (node.kind != Node::Kind::integer)
        return fail_kind(context, node, "a whole number in " + range);
    if (node.integer < min || node.integer > max) {
        context.fail(node, std::to_string(node.integer) + " is not in " + range);
        return false;
    }
    value = node.integer;
    return true;
}

Type<Factor> factor(std::uint32_t min, std::uint32_t max) {
    const auto text = [](std::uint32_t hundredths) {
        std::string digits = std::to_string(hundredths / 100);
        if (hundredths % 100 == 0) return digits;
        digits += '.' + std::to_string(hundredths % 100 / 10);
        if (hundredths % 10 != 0) digits += std::to_string(hundredths % 10);
        return digits;
    };
    const std::string expects = "a number in " + text(min) + ".." + text(max);
    return {
        .expects = expects,
        .read =
            [=](Context &context, const Node &node, Factor &value) {
                if (!node.is_number()) return fail_kind(context, node, expects);
                const double hundredths = std::round(node.number * 100);
                if (!(hundredths >= min && hundredths <= max)) {
                    context.fail(node, "is not in " + text(min) + ".." + text(max));
                    return false;
                }
                value.hundredths = static_cast<std::uint32_t>(hundredths);
                return true;
            },
        .schema = {{"type", json_string("number")}, {"minimum", text(min)}, {"maximum", text(max)}},
        .write = [=](const Factor &value) { return text(value.hundredths); }};
}

Type<Duration> duration(Zero zero) {
    constexpr Duration least = std::chrono::milliseconds{1};
    constexpr Duration most = std::chrono::hours{24};
    const std::string range = zero == Zero::allowed ? "0s..24h" : "1ms..24h";
    const Form form{.expects = "a duration such as \"250ms\" or \"1m30s\" in " + range,
                    .pattern = "(?=.)(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?",
                    .has_unit = true};
    Parse<Duration> parse = [=](const std::string &string) -> Result<Duration, std::string> {
        const std::optional<Duration> value = parse_duration(string);
        if (!value) return misfit(string, form);
        const bool fits = *value == Duration{} ? zero == Zero::allowed : *value >= least;
        if (!fits || *value > most) return out_of_range(string, range);
        return *value;
    };
    return string_type<Duration>(form, std::move(parse),
                                 [](const Duration &value) { return json_string(to_text(value)); });
}

Type<std::uint64_t> size(std::uint64_t min, std::uint64_t max) {
    const std::string range = size_to_text(min) + ".." + size_to_text(max);
    const Form form{.expects = "a size such as \"64KiB\" in " + range,
                    .pattern = "[0-9]+(?:[KMG]i?)?B",
                    .has_unit = true};
    Parse<std::uint64_t> parse =
        [=](const std::string &string) -> Result<std::uint64_t, std::string> {
        const std::optional<std::uint64_t> value = parse_size(string);
        if (!value) return misfit(string, form);
        if (*value < min || *value > max) return out_of_range(string, range);
        return *value;
    };
    return string_type<std::uint64_t>(form, std::move(parse), [](const std::uint64_t &value) {
        return json_string(size_to_text(value));
    });
}

Type<Share> share() {
    const Form form{.expects = "a share such as \"50%\" in 0%..100%",
                    .pattern = "[0-9]+(?:\\.[0-9]{1,2})?%",
                    .has_unit = true};
    Parse<Share> parse = [=](const std::string &string) -> Result<Share, std::string> {
        const std::optional<Share> value = parse_share(string);
        if (!value) return misfit(string, form);
        return *value;
    };
    return string_type<Share>(form, std::move(parse),
                              [](const Share &value) { return json_string(to_text(value)); });
}

Type<Rate> rate() {
    const Form form{.expects = "a rate such as \"100/s\", \"6000/m\" or \"10/h\"",
                    .pattern = "[0-9]+/[smh]",
                    .has_unit = true};
    Parse<Rate> parse = [=](const std::string &string) -> Result<Rate, std::string> {
        const std::optional<Rate> value = parse_rate(string);
        if (!value) return misfit(string, form);
        constexpr std::uint32_t most = 1'000'000'000;
        if (value->requests < 1 || value->requests > most)
            return out_of_range(string, "1..1000000000 per unit");
        return *value;
    };
    // A rate has no default.
    return string_type<Rate>(form, std::move(parse), [](const Rate &) { return json_null(); });
}

Type<Address> listen_address() {
    return address({.expects = "an address such as \"0.0.0.0:3000\", \"[::]:3000\", "
                               "\"unix:/path\" or \"fd:NAME\"",
                    .pattern = "unix:/.+|fd:[ -9;-~]{1,255}|.+:[0-9]+"},
                   parse_listen_address);
}

Type<Address> admin_address() {
    return address({.expects = "an address such as \"127.0.0.1:9901\", \"[::1]:9901\" or "
                               "\"unix:/path\"",
                    .pattern = "unix:/.+|.+:[0-9]+"},
                   [](std::string_view text) {
                       const bool inherited = text.starts_with("fd:");
                       return inherited ? parse_address(text) : parse_listen_address(text);
                   });
}

Type<Address> endpoint_address() {
    return address({.expects = "an address such as \"10.0.0.1:8080\", \"name:8080\" or "
                               "\"unix:/path\"",
                    .pattern = "unix:/.+|.+:[0-9]+"},
                   parse_address);
}

Type<std::uint32_t> file_mode() {
    const Form form{.expects = "permissions in octal, such as \"0660\"", .pattern = "0?[0-7]{3}"};
    Parse<std::uint32_t> parse =
        [=](const std::string &string) -> Result<std::uint32_t, std::string> {
        const bool octal = string.find_first_not_of("01234567") == string.npos;
        const bool fits = string.size() == 3 || (string.size() == 4 && string[0] == '0');
        if (!octal || !fits) return misfit(string, form);
        std::uint32_t mode = 0;
        for (const char digit : string) mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
        return mode;
    };
    return string_type<std::uint32_t>(form, std::move(parse), [](const std::uint32_t &mode) {
        std::string text = "0000";
        for (std::size_t i = 1; i < text.size(); ++i)
            text[i] = static_cast<char>('0' + (mode >> (3 * (text.size() - 1 - i)) & 7));
        return json_string(text);
    });
}

Type<TrustedProxy> trusted_proxy() {
    const Form form{.expects = "a network such as \"10.0.0.0/8\", an address or \"unix\"",
                    .pattern = "unix|[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?"};
    Parse<TrustedProxy> parse =
        [=](const std::string &string) -> Result<TrustedProxy, std::string> {
        if (string == "unix") return TrustedProxy{};
        const std::optional<Network> network = Network::parse(string);
        if (!network) return misfit(string, form);
        const std::optional<IpAddress> address =
            IpAddress::parse(std::string_view{string}.substr(0, string.find('/')));
        if (address != network->address)
            return Wrong{quote(string) + " has bits beyond its prefix, did you mean " +
                         quote(network->text()) + "?"};
        return TrustedProxy{network};
    };
    return string_type<TrustedProxy>(form, std::move(parse), [](const TrustedProxy &value) {
        return json_string(value.network ? value.network->text() : "unix");
    });
}

Type<std::string> line(std::string expects, std::size_t max_bytes) {
    const Form form{.expects = std::move(expects), .pattern = "[^\\u0000-\\u001f\\u007f]+"};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        const bool controls = std::any_of(string.begin(), string.end(),
                                          [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
        if (string.empty()) return Wrong{"must not be empty, expected " + form.expects};
        if (controls) return Wrong{quote(string) + " holds control characters"};
        if (string.size() > max_bytes)
            return Wrong{"longer than " + std::to_string(max_bytes) + " bytes"};
        return string;
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == '-';
    });
}

Type<std::string> name() {
    const Form form{.expects = "a name of 1..64 letters, digits, \"_\", \".\" or \"-\"",
                    .pattern = std::string{name_pattern}};
    Parse<std::string> parse = [=](const std::string &string) -> Result<std::string, std::string> {
        if (!is_name(string)) return misfit(string, form);
        return string;
    };
    return string_type<std::string>(form, std::move(parse), json_string);
}

Type<std::size_t> reference_to(const std::string &section, const std::string &noun) {
    const Form form{.expects = "the name of a " + noun, .pattern = std::string{name_pattern}};
    return {.expects = form.expects,
            .read =
                [=](Context &context, const Node &node, std::size_t &value) {
                    const std::optional<std::string> string = read_string(context, node, form);
                    if (!string) return false;
                    const std::vector<std::string_view> names = context.names(section);
                    const auto found = std::find(names.begin(), names.end(), *string);
                    if (found == names.end())
                        return fail_string(context, node, form,
                                           "there is no " + noun + " " + quote(*string) +
                                               did_you_mean(*string, names));
                    value = static_cast<std::size_t>(found - names.begin());
                    return true;
                },
            .schema = string_schema(form),
            // An index means nothing without its file; no reference has a default.
            .write = [](const std::size_t &) { return json_null(); }};
}

std::string choice_expects(const std::vector<std::string_view> &words) {
    std::string expects = words.size() > 1 ? "one of " : "";
    for (const std::string_view word : words) {
        if (word != words.front()) expects += ", ";
        expects += quote(word);
    }
    return expects;
}

std::optional<std::size_t> read_choice(Context &context, const Node &node,
                                       const std::vector<std::string_view> &words) {
    const Form form{.expects = choice_expects(words), .pattern = {}};
    const std::optional<std::string> string = read_string(context, node, form);
    if (!string) return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), *string);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    const std::string hint = did_you_mean(*string, words);
    fail_string(
        context, node, form,
        quote(*string) + (hint.empty() ? " is not " + form.expects : " is not known" + hint));
    return std::nullopt;
}

JsonObject choice_schema(const std::vector<std::string_view> &words) {
    std::vector<std::string> values;
    values.reserve(words.size());
    for (const std::string_view word : words) values.push_back(json_string(word));
    const JsonObject known{{"enum", json_array(values)}};
    const JsonObject reference{{"pattern", json_string("\\$\\{")}};
    return {{"type", json_string("string")},
            {"anyOf", json_array({known.text(), reference.text()})}};
}

}  // namespace uvoy::config
