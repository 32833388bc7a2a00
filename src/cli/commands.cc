#include "cli/commands.h"

#include "base/log.h"
#include "config/load.h"
#include "config/manual.h"
#include "config/schema.h"
#include "config/shown.h"
#include "server/child_process.h"
#include "server/control_loop.h"
#include "server/demo.h"
#include "server/demo_endpoint.h"
#include "server/predecessor.h"
#include "server/service_manager.h"
#include "server/version.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace uvoy::cli {

namespace {

void print(std::FILE *to, const std::string &line) { fmt::print(to, "{}\n", line); }

config::Shown load_shown(const std::string &path) {
    config::Shown shown = config::load_shown(path);
    for (const config::Problem &problem : shown.loaded.problems)
        print(stderr, config::format(path, problem));
    return shown;
}

config::Loaded load(const std::string &path) { return load_shown(path).loaded; }

std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

int check(const std::string &path) {
    const std::optional<config::Config> config = load(path).config;
    if (!config) return configuration_error;
    std::size_t endpoints = 0;
    for (const config::Cluster &cluster : config->clusters) endpoints += cluster.endpoints.size();
    print(stdout,
          fmt::format("{}: ok, {}, {} with {}, {}", path,
                      counted(config->listeners.size(), "listener"),
                      counted(config->clusters.size(), "cluster"), counted(endpoints, "endpoint"),
                      counted(config->routes.size(), "route")));
    return 0;
}

/// Where this program is, or was before another version took its place on disk.
std::string program_path() {
    std::error_code error;
    std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();
    constexpr std::string_view gone = " (deleted)";
    if (path.ends_with(gone)) path.resize(path.size() - gone.size());
    return path;
}

int run(const std::string &path) {
    auto predecessor = server::Predecessor::from_environment();
    server::ServiceManager::take_sockets();
    auto [loaded, shown] = load_shown(path);
    if (!loaded.config) return configuration_error;
    server::ControlLoop control{{.config = std::move(*loaded.config),
                                 .config_path = path,
                                 .config_hash = std::move(loaded.hash),
                                 .config_shown = std::move(shown),
                                 .program = program_path(),
                                 .predecessor = std::move(predecessor)}};
    return control.run();
}

int explain(const CommandLine &line) {
    const std::optional<config::Config> config = load(line.config).config;
    if (!config) return configuration_error;
    const server::Explanation explanation = server::explain(*config, line.question);
    if (line.json) print(stdout, explanation.json.dump(2));
    else fmt::print("{}", server::explanation_text(explanation.json));
    return explanation.routed ? 0 : 1;
}

}  // namespace

int execute(const CommandLine &line) {
    try {
        switch (line.command) {
            case Command::run:
                return run(line.config);
            case Command::check:
                return check(line.config);
            case Command::demo:
                return server::run_demo();
            case Command::demo_endpoint:
                return server::run_demo_endpoint(
                    uv::FileDescriptor{server::ChildProcess::inherited_fd}, line.parent);
            case Command::explain:
                return explain(line);
            case Command::manual:
                fmt::print("{}", config::manual(server::version));
                return 0;
            case Command::schema:
                print(stdout, config::schema());
                return 0;
            case Command::ctl:
                return static_cast<int>(run_ctl(line.ctl));
            case Command::version:
                print(stdout, fmt::format("uvoy {}", server::version));
                return 0;
        }
    } catch (const std::invalid_argument &error) {
        print(stderr, error.what());
        return usage_error;
    } catch (const std::exception &error) {
        log::error("{}", error.what());
    }
    return 1;
}

}  // namespace uvoy::cli
