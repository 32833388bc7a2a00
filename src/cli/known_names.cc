#include "cli/known_names.h"

#include "cli/admin_client.h"
#include "cli/ctl.h"
#include "server/admin_json.h"

#include <exception>

namespace uvoy::cli {

namespace {

std::string value_of(std::string_view option, std::span<const std::string> words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (words[i] == option) return words[i + 1];
    return {};
}

std::vector<std::string> names_in(const server::Json &objects) {
    std::vector<std::string> names;
    for (const server::Json &object : objects) names.push_back(object.at("name"));
    return names;
}

}  // namespace

std::vector<std::string> known_names(std::string_view type, const Given &given) {
    if (type != "CLUSTER" && type != "ENDPOINT") return {};
    try {
        const CtlLine line{.admin = value_of("--admin", given.words),
                           .config = value_of("--config", given.words)};
        const AdminAnswer answer = AdminClient{admin_address(line)}.get("/v1/clusters");
        const server::Json clusters = server::Json::parse(answer.body).at("clusters");
        if (type == "CLUSTER") return names_in(clusters);
        for (const server::Json &cluster : clusters)
            if (!given.positionals.empty() && cluster.at("name") == given.positionals.back())
                return names_in(cluster.at("endpoints"));
    } catch (const std::exception &) {
        // A shell that completes a word wants no message on its line.
    }
    return {};
}

}  // namespace uvoy::cli
