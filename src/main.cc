#include "cli/command_line.h"
#include "cli/commands.h"

int main(int argc, char **argv) {
    const auto parsed = uvoy::cli::parse(argc, argv);
    if (const int *const exit_code = std::get_if<int>(&parsed)) return *exit_code;
    return uvoy::cli::execute(*std::get_if<uvoy::cli::CommandLine>(&parsed));
}
