#include "cli/ctl_line.h"

#include "base/reason.h"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string>

namespace uvoy::cli {

namespace {

/// "{no_route,...}", as completion reads it.
std::string reasons() {
    std::string words;
    for (std::size_t i = 1; i < reason_count; ++i)
        words.append(i == 1 ? "{" : ",").append(name(static_cast<Reason>(i)));
    return words + "}";
}

void add_explain(CLI::App &explain, server::Question &question) {
    explain.add_option("METHOD", question.method, "Such as GET")->required();
    explain.add_option("URL", question.url, "http://host/path, or /path")->required();
    explain.add_option("-H,--header", question.headers, "A field: 'Name: value'")
        ->allow_extra_args(false);
    explain.add_option("--client", question.client, "The client's address");
}

}  // namespace

void add_ctl(CLI::App &app, CtlLine &line) {
    using Verb = CtlLine::Verb;
    app.require_subcommand(1);
    app.fallthrough();  // options may stand behind the command
    app.add_option("--admin", line.admin, "host:port or unix:/path of the admin API")
        ->type_name("ADDRESS");
    app.add_option("--config", line.config, "The configuration file, which says where it is")
        ->type_name("FILE");
    app.add_flag("--json", line.json, "Print JSON");
    const auto command = [&](const char *name, const char *help, Verb verb) {
        CLI::App *const added = app.add_subcommand(name, help);
        added->callback([&line, verb] { line.verb = verb; });
        return added;
    };
    command("status", "The process and its listeners", Verb::status);
    command("clusters", "Clusters and endpoints: state, since when, why", Verb::clusters);
    CLI::App *const failures =
        command("failures", "The last requests that failed, newest first", Verb::failures);
    failures->add_option("--limit", line.limit, "At most so many")->type_name("NUMBER");
    failures->add_option("--reason", line.reason, "Those with this reason")->type_name(reasons());
    failures->add_option("--cluster", line.cluster, "Those of this cluster")->type_name("CLUSTER");
    add_explain(*command("explain", "Say where a request would go now, and why", Verb::explain),
                line.question);
    command("drain", "Out of the rotation: /readyz says 503, answers close connections",
            Verb::drain);
    command("undrain", "Back in the rotation", Verb::undrain);
    CLI::App *const endpoint =
        command("endpoint", "Take an endpoint out of a cluster, or weigh it anew", Verb::endpoint);
    endpoint->add_option("CLUSTER", line.cluster, "Its name")->type_name("CLUSTER")->required();
    endpoint->add_option("ENDPOINT", line.endpoint, "Its name, as clusters shows it")
        ->type_name("ENDPOINT")
        ->required();
    endpoint
        ->add_option("--state", line.state,
                     "Of which drain takes no further requests, and maintenance no checks either")
        ->type_name("{ready,drain,maintenance}");
    endpoint->add_option("--weight", line.weight, "1 to 1000");
    command("upgrade", "The program on disk takes over; nothing is lost", Verb::upgrade);
    command("reload", "Go on by what the configuration file says now", Verb::reload);
    command("diff", "What a reload would change if FILE were the configuration", Verb::diff)
        ->add_option("FILE", line.file, "A configuration file")
        ->type_name("FILE")
        ->required();
    command("log-level", "How much is logged", Verb::log_level)
        ->add_option("LEVEL", line.level, "From which level on")
        ->type_name("{debug,info,warning,error}")
        ->required();
}

}  // namespace uvoy::cli
