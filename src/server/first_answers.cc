#include "server/first_answers.h"

#include "proxy/kinship.h"
#include "uv/loop.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

struct Question {
    Question(uv::Loop &loop, const config::Cluster &cluster)
        : name{cluster.name},
          lookup{loop, *cluster.discovery, Delegate<void()>::bind<&Question::on_done>(*this)} {}

    void on_done() { answered = true; }

    const std::string &name;
    bool answered = false;
    DnsLookup lookup;
};

}  // namespace

FirstAnswers ask_first(const proxy::Runtime &former, const proxy::Runtime &next) {
    uv::Loop loop;
    std::vector<std::unique_ptr<Question>> questions;
    for (const proxy::ClusterRuntime &cluster : next.clusters()) {
        if (!cluster.config->discovery) continue;
        const proxy::ClusterRuntime *const before = former.find_cluster(cluster.config->name);
        if (before == nullptr || !proxy::same_places(*before, cluster))
            questions.push_back(std::make_unique<Question>(loop, *cluster.config));
    }
    const auto answered = [](const auto &question) { return question->answered; };
    while (!std::ranges::all_of(questions, answered)) loop.run_once();
    FirstAnswers answers;
    for (const auto &question : questions)
        answers.emplace(question->name, question->lookup.outcome());
    return answers;
}

}  // namespace uvoy::server
