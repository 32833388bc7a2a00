#pragma once

#include "base/result.h"
#include "config/type.h"
#include "config/utf8.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Types of single values.  Ranges include both ends.

namespace uvoy::config {

/// What a string must look like.
struct Form {
    std::string expects;    ///< as Type::expects
    std::string pattern;    ///< regular expression of the schema (ECMA 262), for the whole string
    bool has_unit = false;  ///< a bare number is the likely mistake
};

/// Reads a string, references resolved; nullopt after it reported a problem.
std::optional<std::string> read_string(Context &context, const Node &node, const Form &form);

/// Reports a string that does not fit; keeps the value of a reference to itself.
bool fail_string(Context &context, const Node &node, const Form &form, std::string problem);

JsonObject string_schema(const Form &form);

template <typename V>
using Parse = std::function<Result<V, std::string>(const std::string &)>;

/// A string that `parse` turns into a V.
template <typename V>
Type<V> string_type(Form form, Parse<V> parse, std::function<std::string(const V &)> write) {
    Type<V> type{.expects = form.expects,
                 .read = {},
                 .schema = string_schema(form),
                 .write = std::move(write)};
    type.read = [form = std::move(form), parse = std::move(parse)](Context &context,
                                                                   const Node &node, V &value) {
        const std::optional<std::string> string = read_string(context, node, form);
        if (!string) return false;
        Result<V, std::string> parsed = parse(*string);
        if (!parsed) return fail_string(context, node, form, parsed.error());
        value = std::move(*parsed);
        return true;
    };
    return type;
}

Type<bool> boolean();

bool read_integer(Context &context, const Node &node, std::int64_t min, std::int64_t max,
                  std::int64_t &value);
JsonObject integer_schema(std::uint32_t min, std::uint32_t max);

template <std::unsigned_integral N>
Type<N> integer(std::uint32_t min, std::uint32_t max) {
    const std::string expects =
        "a whole number in " + std::to_string(min) + ".." + std::to_string(max);
    return {.expects = expects,
            .read =
                [min, max](Context &context, const Node &node, N &value) {
                    std::int64_t number = 0;
                    if (!read_integer(context, node, min, max, number)) return false;
                    value = static_cast<N>(number);
                    return true;
                },
            .schema = integer_schema(min, max),
            .write = [](const N &value) { return json_number(value); }};
}

enum class Zero : std::uint8_t { refused, allowed };

/// Durations of 1ms..24h.
Type<Duration> duration(Zero zero = Zero::refused);
Type<std::uint64_t> size(std::uint64_t min, std::uint64_t max);
Type<Share> share();
/// A number with a point if need be; the bounds are in hundredths.
Type<Factor> factor(std::uint32_t min, std::uint32_t max);
Type<Rate> rate();

/// Where a listener listens.
Type<Address> listen_address();
/// Where the admin API listens: `uvoy ctl` has to find it.
Type<Address> admin_address();
/// Where an endpoint is.
Type<Address> endpoint_address();

/// Permissions of a file: "0660".
Type<std::uint32_t> file_mode();

/// A network, an address, or the word "unix".
Type<TrustedProxy> trusted_proxy();

/// Any text without control characters, of 1..max_bytes.
Type<std::string> line(std::string expects, std::size_t max_bytes);

/// The name of something: 1..64 of A-Z a-z 0-9 _ . -, so that it can stand in a URL, a label and
/// a file name.
Type<std::string> name();
inline constexpr std::string_view name_pattern = "[A-Za-z0-9_.-]{1,64}";
bool is_name(std::string_view text);

/// The index of what `section` of the top level calls so; `noun` is for messages.
Type<std::size_t> reference_to(const std::string &section, const std::string &noun);

template <typename V>
struct Choice {
    std::string_view word;
    V value;
};

/// Reads one of the words; nullopt after it reported a problem.
std::optional<std::size_t> read_choice(Context &context, const Node &node,
                                       const std::vector<std::string_view> &words);
JsonObject choice_schema(const std::vector<std::string_view> &words);
std::string choice_expects(const std::vector<std::string_view> &words);

/// One word of a few.
template <typename V>
Type<V> choice(const std::vector<Choice<V>> &choices) {
    std::vector<std::string_view> words;
    words.reserve(choices.size());
    for (const Choice<V> &choice : choices) words.push_back(choice.word);
    return {.expects = choice_expects(words),
            .read =
                [choices, words](Context &context, const Node &node, V &value) {
                    const std::optional<std::size_t> index = read_choice(context, node, words);
                    if (index) value = choices[*index].value;
                    return index.has_value();
                },
            .schema = choice_schema(words),
            .write =
                [choices](const V &value) {
                    for (const Choice<V> &choice : choices)
                        if (choice.value == value) return json_string(choice.word);
                    return json_null();
                }};
}

}  // namespace uvoy::config
