#include "server/endpoint_memory.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace uvoy::server {

namespace {

using Json = nlohmann::json;

std::string text_of(const EndpointMemory &memory) {
    Json object{{"cluster", memory.cluster},
                {"name", memory.name},
                {"address", memory.address},
                {"duty", cluster::name(memory.duty)}};
    if (memory.weight)
        object["weight"] = {{"now", memory.weight->now}, {"instead_of", memory.weight->instead_of}};
    if (memory.out)
        object["out"] = {{"cause", cluster::name(memory.out->cause)}, {"why", memory.out->why}};
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string string_at(const Json &object, const char *key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint32_t number_at(const Json &object, const char *key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint32_t>() : 0;
}

EndpointMemory memory_of(const Json &object) {
    EndpointMemory memory{.cluster = string_at(object, "cluster"),
                          .name = string_at(object, "name"),
                          .address = string_at(object, "address"),
                          .duty = {},
                          .weight = {},
                          .out = {}};
    const auto duty = std::ranges::find(cluster::duty_names, string_at(object, "duty"));
    if (duty != cluster::duty_names.end())
        memory.duty = static_cast<cluster::Duty>(duty - cluster::duty_names.begin());
    if (const auto weight = object.find("weight"); weight != object.end() && weight->is_object()) {
        const EndpointMemory::Weight told{number_at(*weight, "now"),
                                          number_at(*weight, "instead_of")};
        if (told.now > 0) memory.weight = told;
    }
    const auto out = object.find("out");
    if (out == object.end() || !out->is_object()) return memory;
    const std::string cause = string_at(*out, "cause");
    for (std::size_t i = 0; i < cluster::ejection_causes; ++i) {
        const auto each = static_cast<cluster::EjectionCause>(i);
        if (cluster::name(each) == cause) memory.out = {each, string_at(*out, "why")};
    }
    return memory;
}

EndpointMemory memory_of(const cluster::Endpoint &endpoint, const cluster::Health &health) {
    EndpointMemory memory{.cluster = {},
                          .name = endpoint.name,
                          .address = endpoint.address,
                          .duty = endpoint.duty,
                          .weight = {},
                          .out = {}};
    if (endpoint.weight_now() != endpoint.weight)
        memory.weight = {endpoint.weight_now(), endpoint.weight};
    if (!health.healthy()) memory.out = {health.cause(), health.explanation()};
    return memory;
}

}  // namespace

std::vector<EndpointMemory> remember(const proxy::Runtime &runtime, const HealthTable &health) {
    std::vector<EndpointMemory> memories;
    for (std::size_t i = 0; i < runtime.clusters().size(); ++i) {
        for (const auto &endpoint : runtime.cluster(i).endpoints) {
            if (!endpoint) continue;
            const EndpointHealth &known =
                health.at({static_cast<std::uint16_t>(i), endpoint->index});
            if (known.presence != Presence::member) continue;
            EndpointMemory memory = memory_of(*endpoint, known.health);
            memory.cluster = runtime.cluster(i).config->name;
            if (memory.duty != cluster::Duty::ready || memory.weight || memory.out)
                memories.push_back(std::move(memory));
        }
    }
    // If there is no room for all: a check finds who is out, but not what an operator said.
    std::stable_partition(memories.begin(), memories.end(), [](const EndpointMemory &each) {
        return each.duty != cluster::Duty::ready || each.weight.has_value();
    });
    return memories;
}

std::vector<std::string> to_texts(const std::vector<EndpointMemory> &memories, std::size_t most,
                                  std::size_t longest) {
    std::vector<std::string> texts;
    for (const EndpointMemory &memory : memories) {
        const std::string text = text_of(memory);
        // Between brackets.
        if (text.size() + 2 > longest) continue;
        if (texts.empty() || texts.back().size() + 1 + text.size() + 1 > longest) {
            if (texts.size() == most) break;
            texts.push_back("[" + text);
        } else {
            texts.back() += "," + text;
        }
    }
    for (std::string &text : texts) text += "]";
    return texts;
}

std::vector<EndpointMemory> read_memories(std::string_view text) {
    const Json list = Json::parse(text, nullptr, false);
    std::vector<EndpointMemory> memories;
    if (!list.is_array()) return memories;
    for (const Json &object : list)
        if (object.is_object()) memories.push_back(memory_of(object));
    return memories;
}

}  // namespace uvoy::server
