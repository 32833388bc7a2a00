#include "server/first_answers.h"

#include "proxy/kinship.h"
#include "uv/loop.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

struct Question {
    Question(uv::Loop &loop, const config::Cluster &cluster, std::size_t &open_)
        : name{cluster.name},
          open{open_},
          lookup{loop, *cluster.discovery, Delegate<void()>::bind<&Question::on_done>(*this)} {
        ++open;
    }

    void on_done() { --open; }

    const std::string &name;
    std::size_t &open;
    DnsLookup lookup;
};

}  // namespace

FirstAnswers ask_first(const proxy::Runtime &former, const proxy::Runtime &next) {
    uv::Loop loop;
    std::size_t open = 0;
    std::vector<std::unique_ptr<Question>> questions;
    for (const proxy::ClusterRuntime &cluster : next.clusters()) {
        if (!cluster.config->discovery) continue;
        const proxy::ClusterRuntime *const before = former.find_cluster(cluster.config->name);
        if (before == nullptr || !proxy::same_places(*before, cluster))
            questions.push_back(std::make_unique<Question>(loop, *cluster.config, open));
    }
    while (open > 0) loop.run_once();
    FirstAnswers answers;
    for (const auto &question : questions)
        answers.emplace(question->name, question->lookup.outcome());
    return answers;
}

}  // namespace uvoy::server
