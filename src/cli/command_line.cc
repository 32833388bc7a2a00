#include "cli/command_line.h"

#include "cli/completion.h"
#include "cli/ctl_line.h"
#include "cli/known_names.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace uvoy::cli {

std::variant<CommandLine, int> parse(int argc, const char *const *argv) {
    CommandLine line;
    CLI::App app{"uvoy: an HTTP proxy and load balancer", "uvoy"};
    app.require_subcommand(0, 1);
    bool version = false;
    app.add_flag("--version", version, "Print the version");

    const auto command = [&](const char *name, const char *help, Command value) {
        CLI::App *const added = app.add_subcommand(name, help);
        added->callback([&line, value] { line.command = value; });
        return added;
    };
    for (CLI::App *const takes_file :
         {command("run", "Serve what a configuration file says", Command::run),
          command("check", "Show all mistakes of a configuration file", Command::check)}) {
        takes_file->add_option("CONFIG", line.config, "Path of the file")
            ->required()
            ->type_name("FILE");
    }
    CLI::App *const explain =
        command("explain", "Say where a request would go, and why", Command::explain);
    explain->add_option("CONFIG", line.config, "Path of the file")->required()->type_name("FILE");
    explain->add_option("METHOD", line.question.method, "Such as GET")->required();
    explain->add_option("URL", line.question.url, "http://host/path, or /path")->required();
    explain->add_option("-H,--header", line.question.headers, "A field: 'Name: value'")
        ->allow_extra_args(false);
    explain->add_option("--down", line.question.down, "An endpoint that is out")
        ->allow_extra_args(false);
    explain->add_option("--client", line.question.client, "The client's address");
    explain->add_flag("--json", line.json, "Print JSON");
    command("demo", "Try it: a proxy with three endpoints of its own", Command::demo);
    command("man", "Print the manual page of configuration files", Command::manual);
    command("schema", "Print the JSON Schema of configuration files", Command::schema);
    add_ctl(*command("ctl", "Ask a running uvoy, or steer it", Command::ctl), line.ctl);
    command("version", "Print the version", Command::version);
    command("demo-endpoint", "", Command::demo_endpoint)
        ->group("")  // what the demo starts; not for people
        ->add_option("PARENT", line.parent)
        ->required();
    std::vector<std::string> words;
    CLI::App *const completion = app.add_subcommand("complete", "")->group("");  // for shells
    completion->add_option("WORDS", words);

    try {
        app.parse(argc, argv);
        if (!version && app.get_subcommands().empty()) throw CLI::CallForHelp{};
    } catch (const CLI::ParseError &error) {
        if (app.exit(error) == 0) return 0;
        return line.command == Command::ctl || app.got_subcommand("ctl")
                   ? static_cast<int>(CtlExit::usage)
                   : usage_error;
    }
    if (completion->parsed()) {
        fmt::print("{}", to_lines(complete(app, words, known_names)));
        return 0;
    }
    return line;
}

}  // namespace uvoy::cli
