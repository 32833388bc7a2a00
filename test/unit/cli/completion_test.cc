#include "cli/completion.h"

#include <doctest/doctest.h>
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace uvoy::cli {

namespace {

using Words = std::vector<std::string>;

/// A program with every kind of thing that may follow.
struct Program {
    Program() {
        app.add_flag("--version", flag, "Print the version");
        CLI::App *const run = app.add_subcommand("run", "Serve a file");
        run->add_option("CONFIG", text)->type_name("FILE");
        CLI::App *const ask = app.add_subcommand("ask", "Ask for something");
        ask->add_option("CONFIG", text)->type_name("FILE");
        ask->add_option("METHOD", text)->check(CLI::IsMember({"GET", "POST"}));
        ask->add_option("-H,--header", texts, "A field")->allow_extra_args(false);
        ask->add_flag("--json", flag, "Print JSON");
        CLI::App *const ctl = app.add_subcommand("ctl", "Steer it");
        ctl->fallthrough();
        ctl->add_option("--config", text, "The file")->type_name("FILE");
        ctl->add_subcommand("status", "How it is");
        ctl->add_subcommand("stop", "End it");
        CLI::App *const move = ctl->add_subcommand("move", "Move it");
        move->add_option("FROM", text)->type_name("PLACE");
        move->add_option("TO", text)->type_name("PLACE");
        app.add_subcommand("inner", "")->group("");
    }

    Words complete(const Words &words) const {
        Words found;
        const auto places = [](std::string_view type, const Given &given) {
            Words names;
            if (type != "PLACE") return names;
            names =
                given.positionals.empty() ? Words{"here"} : Words{"not " + given.positionals[0]};
            if (given.words.size() > 3) names.push_back(given.words[2]);
            return names;
        };
        for (const Candidate &candidate : cli::complete(app, words, places))
            found.push_back(candidate.word);
        return found;
    }

    CLI::App app;
    bool flag = false;
    std::string text;
    std::vector<std::string> texts;
};

}  // namespace

TEST_CASE("a word becomes what may stand in its place") {
    struct Case {
        Words words;
        Words candidates;
    };
    const std::vector<Case> cases{
        {{""}, {"run", "ask", "ctl"}},
        {{"r"}, {"run"}},
        {{"x"}, {}},
        {{"in"}, {}},
        {{"--v"}, {"--version"}},
        {{"-"}, {"--help", "--version"}},
        {{"run", ""}, {":file"}},
        {{"run", "./a"}, {":file"}},
        {{"run", "a", ""}, {}},
        {{"ask", "--"}, {"--help", "--header", "--json"}},
        {{"ask", "a", ""}, {"GET", "POST"}},
        {{"ask", "a", "P"}, {"POST"}},
        {{"ask", "--json", "a", "P"}, {"POST"}},
        {{"ask", "-H", "b: c", "a", "P"}, {"POST"}},
        {{"ask", "--header", ""}, {}},
        {{"ask", "--unknown", ""}, {":file"}},
        {{"ctl", "st"}, {"status", "stop"}},
        {{"ctl", "--config", ""}, {":file"}},
        {{"ctl", "--config", "a", "sto"}, {"stop"}},
        {{"ctl", "status", "--c"}, {"--config"}},
        {{"ctl", "status", "--config", ""}, {":file"}},
        {{"ctl", "move", ""}, {"here"}},
        {{"ctl", "move", "--config", "a", ""}, {"here", "--config"}},
        {{"ctl", "move", "there", "n"}, {"not there"}},
        {{"ctl", "move", "there", "x"}, {}},
        {{"run", "--v"}, {}},
        {{}, {}},
    };
    const Program program;
    for (const Case &each : cases) {
        CAPTURE(CLI::detail::join(each.words, " "));
        CHECK(program.complete(each.words) == each.candidates);
    }
}

TEST_CASE("candidates have their help behind a tab") {
    const Program program;
    const auto none = [](std::string_view, const Given &) { return Words{}; };
    CHECK(to_lines(complete(program.app, Words{"ctl", "s"}, none)) ==
          "status\tHow it is\nstop\tEnd it\n");
    CHECK(to_lines(complete(program.app, Words{"ask", "a", "G"}, none)) == "GET\n");
}

}  // namespace uvoy::cli
