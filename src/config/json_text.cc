#include "config/json_text.h"

#include <nlohmann/json.hpp>

namespace uvoy::config {

std::string json_string(std::string_view text) { return nlohmann::json(text).dump(); }

std::string json_number(std::uint64_t number) { return std::to_string(number); }

std::string json_array(const std::vector<std::string> &items) {
    std::string text = "[";
    for (const std::string &item : items) {
        if (text.size() > 1) text += ',';
        text += item;
    }
    return text + ']';
}

void JsonObject::set(std::string_view key, std::string text) {
    for (Member &member : members_) {
        if (member.first != key) continue;
        member.second = std::move(text);
        return;
    }
    members_.emplace_back(key, std::move(text));
}

void JsonObject::erase(std::string_view key) {
    std::erase_if(members_, [key](const Member &member) { return member.first == key; });
}

void JsonObject::update(const JsonObject &other) {
    for (const auto &[key, text] : other.members_) set(key, text);
}

std::string JsonObject::text() const {
    std::string text = "{";
    for (const auto &[key, value] : members_) {
        if (text.size() > 1) text += ',';
        text += json_string(key) + ':' + value;
    }
    return text + '}';
}

}  // namespace uvoy::config
