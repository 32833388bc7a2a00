#include "cli/completion.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>

namespace uvoy::cli {

namespace {

using Words = std::vector<Candidate>;

bool takes_value(const CLI::Option &option) { return option.get_items_expected_max() > 0; }

/// The option of that name, here or of a command around this one.
const CLI::Option *find_option(const CLI::App &app, const std::string &name) {
    for (const CLI::App *at = &app; at != nullptr; at = at->get_parent()) {
        if (const CLI::Option *const option = at->get_option_no_throw(name)) return option;
        if (!at->get_fallthrough()) return nullptr;
    }
    return nullptr;
}

const CLI::App *find_command(const CLI::App &app, const std::string &name) {
    for (const CLI::App *const command : app.get_subcommands({}))
        if (command->get_name() == name) return command;
    return nullptr;
}

/// Where the last word stands.
struct Place {
    const CLI::App *app = nullptr;
    const CLI::Option *value_of = nullptr;   ///< it is the value of this option
    std::vector<std::string> positionals{};  ///< of `app`, before it
};

Place place_of_last(const CLI::App &root, std::span<const std::string> words) {
    Place place{.app = &root};
    for (const std::string &word : words.first(words.size() - 1)) {
        if (place.value_of != nullptr) {
            place.value_of = nullptr;
        } else if (word.starts_with('-')) {
            const CLI::Option *const option = find_option(*place.app, word);
            if (option != nullptr && takes_value(*option)) place.value_of = option;
        } else if (const CLI::App *const command = find_command(*place.app, word)) {
            place = {.app = command};
        } else {
            place.positionals.push_back(word);
        }
    }
    return place;
}

/// The name of a type as CLI11 makes it: "FILE", or "TEXT:{debug,info}" of one of a few words.
void add_values(const CLI::Option &option, const Given &given, const Names &names,
                Words &candidates) {
    const std::string type = option.get_type_name();
    for (std::string &name : names(type, given)) candidates.push_back({std::move(name), {}});
    if (type.starts_with("FILE")) candidates.push_back({Candidate::any_file, {}});
    const std::size_t end = type.find('}');
    std::size_t comma = type.find('{');
    if (end == type.npos) return;
    while (comma < end) {
        const std::size_t next = std::min(type.find(',', comma + 1), end);
        candidates.push_back({type.substr(comma + 1, next - comma - 1), {}});
        comma = next;
    }
}

void add_options(const CLI::App &app, Words &candidates) {
    for (const CLI::App *at = &app; at != nullptr; at = at->get_parent()) {
        for (const CLI::Option *const option : at->get_options()) {
            const auto &names = option->get_lnames();
            const bool is_new =
                !names.empty() && std::ranges::none_of(candidates, [&](const Candidate &known) {
                    return known.word == "--" + names.front();
                });
            if (is_new && !option->get_group().empty())
                candidates.push_back({"--" + names.front(), option->get_description()});
        }
        if (!at->get_fallthrough()) return;
    }
}

/// The positional that comes next.
const CLI::Option *find_positional(const Place &place) {
    std::size_t index = place.positionals.size();
    for (const CLI::Option *const option : place.app->get_options())
        if (option->get_positional() && index-- == 0) return option;
    return nullptr;
}

void add_commands(const CLI::App &app, Words &candidates) {
    for (const CLI::App *const command : app.get_subcommands({}))
        if (!command->get_group().empty())
            candidates.push_back({command->get_name(), command->get_description()});
}

}  // namespace

std::vector<Candidate> complete(const CLI::App &app, std::span<const std::string> words,
                                const Names &names) {
    Words candidates;
    if (words.empty()) return candidates;
    const Place place = place_of_last(app, words);
    const std::string &last = words.back();
    const Given given{.words = words.first(words.size() - 1), .positionals = place.positionals};
    if (place.value_of != nullptr) {
        add_values(*place.value_of, given, names, candidates);
    } else if (last.starts_with('-')) {
        add_options(*place.app, candidates);
    } else {
        if (place.positionals.empty()) add_commands(*place.app, candidates);
        if (const CLI::Option *const option = find_positional(place))
            add_values(*option, given, names, candidates);
    }
    std::erase_if(candidates, [&](const Candidate &candidate) {
        return candidate.word != Candidate::any_file && !candidate.word.starts_with(last);
    });
    return candidates;
}

std::string to_lines(std::span<const Candidate> candidates) {
    std::string lines;
    for (const Candidate &candidate : candidates) {
        lines += candidate.word;
        if (!candidate.help.empty()) lines += '\t' + candidate.help;
        lines += '\n';
    }
    return lines;
}

}  // namespace uvoy::cli
