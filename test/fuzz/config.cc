#include "check.h"
#include "config/load.h"
#include "proxy/runtime.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <variant>

// Configuration files: the loader survives any text, says where each mistake is, and what it
// accepts can be run.
namespace uvoy::fuzz {

namespace {

std::optional<std::string> environment(const std::string &name) {
    if (name == "PORT") return "8080";
    if (name == "EMPTY") return "";
    return std::nullopt;
}

std::vector<std::size_t> line_lengths(std::string_view text) {
    std::vector<std::size_t> lengths{0};
    for (const char c : text) {
        if (c == '\n') lengths.push_back(0);
        else ++lengths.back();
    }
    return lengths;
}

void check_problems(std::string_view text, const std::vector<config::Problem> &problems) {
    const std::vector<std::size_t> lengths = line_lengths(text);
    const config::Problem *last = nullptr;
    for (const config::Problem &problem : problems) {
        check(problem.line >= 1 && problem.line <= lengths.size(), "a line outside of the text");
        check(problem.column >= 1 && problem.column <= lengths[problem.line - 1] + 1,
              "a column outside of the line");
        check(problem.pointer.empty() || problem.pointer.starts_with('/'), "a pointer");
        check(!problem.text.empty(), "a problem without words");
        const std::string shown = config::format("file", problem);
        check(std::ranges::none_of(shown,
                                   [](char c) {
                                       const auto byte = static_cast<unsigned char>(c);
                                       return byte < 0x20 || byte == 0x7f;
                                   }),
              "a control character in a problem");
        check(last == nullptr || last->line < problem.line ||
                  (last->line == problem.line && last->column <= problem.column),
              "problems out of order");
        last = &problem;
    }
}

template <typename Items>
void check_names(const Items &items) {
    std::set<std::string> names;
    for (const auto &item : items) {
        check(!item.name.empty(), "an empty name");
        check(names.insert(item.name).second, "a name of two");
    }
}

void check_indices(const std::vector<std::size_t> &indices, std::size_t size) {
    for (const std::size_t index : indices) check(index < size, "an index out of bounds");
}

void check_accepted(const config::Config &config) {
    check_names(config.listeners);
    check_names(config.clusters);
    check_names(config.routes);
    check_names(config.rate_limits);
    for (const config::Listener &listener : config.listeners) {
        check(!listener.addresses.empty(), "a listener without address");
        check_indices(listener.rate_limits, config.rate_limits.size());
    }
    for (const config::Cluster &cluster : config.clusters) {
        check(!cluster.endpoints.empty(), "a cluster without endpoints");
        check_names(cluster.endpoints);
    }
    for (const config::Route &route : config.routes) {
        check_indices(route.rate_limits, config.rate_limits.size());
        if (route.match.listener) check_indices({*route.match.listener}, config.listeners.size());
        if (const auto *forward = std::get_if<config::Forward>(&route.action))
            check_indices({forward->cluster}, config.clusters.size());
    }
}

/// A reference to a file would open it, whatever it is.
bool names_a_file(std::string_view text) {
    using Json = nlohmann::json;
    bool found = false;
    const Json::parser_callback_t look = [&](int, Json::parse_event_t event, Json &value) {
        if (event == Json::parse_event_t::value && value.is_string())
            found = found || value.get_ref<const std::string &>().find("FILE") != std::string::npos;
        return true;
    };
    static_cast<void>(Json::parse(text, look, false, true));
    return found;
}

/// The same text without comments and blanks is the same to the loader.
void check_compact(std::string_view text, const config::Loaded &loaded) {
    const auto tree = nlohmann::ordered_json::parse(text, nullptr, false, true);
    check(!tree.is_discarded() || !loaded.config, "accepted, and no JSON");
    if (!loaded.config) return;
    const config::Loaded again = config::parse(tree.dump(), environment);
    check(again.config.has_value(), "refused without comments and blanks");
    check(again.config->routes.size() == loaded.config->routes.size(), "other routes");
    check(again.config->clusters.size() == loaded.config->clusters.size(), "other clusters");
}

void run(std::string_view text) {
    const config::Loaded loaded = config::parse(text, environment);
    check(loaded.config.has_value() == loaded.problems.empty(), "neither or both");
    check_problems(text, loaded.problems);

    const config::Loaded again = config::parse(text, environment);
    check(std::ranges::equal(loaded.problems, again.problems,
                             [](const config::Problem &a, const config::Problem &b) {
                                 return a.line == b.line && a.column == b.column &&
                                        a.pointer == b.pointer && a.text == b.text;
                             }),
          "other problems the second time");
    check_compact(text, loaded);
    if (!loaded.config) return;
    check_accepted(*loaded.config);
    const proxy::Runtime runtime{*loaded.config, 1, 2};
    check(runtime.clusters().size() == loaded.config->clusters.size(), "a cluster is lost");
}

}  // namespace

}  // namespace uvoy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char *>(data), size};
    if (!uvoy::fuzz::names_a_file(text)) uvoy::fuzz::run(text);
    return 0;
}
