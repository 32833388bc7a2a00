#include "config/manual.h"

#include "config/manual_text.h"
#include "config/schema.h"

#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace uvoy::config {

namespace {

using Json = nlohmann::ordered_json;

/// Text as it stands, for mdoc(7): in an argument too, and at the start of a line.
std::string plain(std::string_view text) {
    std::string escaped = text.starts_with('.') ? "\\&" : "";
    for (const char c : text) {
        switch (c) {
            case '\\':
                escaped += "\\e";
                break;
            case '\'':
                escaped += "\\(aq";
                break;
            case '"':
                escaped += "\\(dq";
                break;
            case '~':
                escaped += "\\(ti";
                break;
            case '^':
                escaped += "\\(ha";
                break;
            case '`':
                escaped += "\\(ga";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

std::string below(const std::string &path, const std::string &key) {
    std::string inner = path;
    if (!inner.empty()) inner += '.';
    return inner += key;
}

/// A kind of object, and where it stands in the file: "clusters.NAME.limits".
struct Section {
    std::string path;
    Json object;
};

/// Sections in the order of the file; objects with the same keys share the first one.
class Sections {
public:
    explicit Sections(const Json &schema) { collect({}, schema); }

    const std::vector<Section> &all() const { return sections_; }

    /// Paths of the objects that may stand in a value.
    std::set<std::string> of_value(const Json &value) const {
        std::set<std::string> paths;
        visit({}, value, [&](const std::string &, const Json &object) {
            paths.insert(paths_.at(object["properties"].dump()));
            return false;
        });
        return paths;
    }

private:
    /// Calls `meet` with each object below, and goes on below those for which it returns true.
    template <typename Meet>
    static void visit(const std::string &path, const Json &schema, const Meet &meet) {
        if (schema.contains("properties") && meet(path, schema))
            for (const auto &[key, value] : schema["properties"].items())
                visit(below(path, key), value, meet);
        if (schema.contains("items")) visit(path + "[]", schema["items"], meet);
        if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
            visit(path + ".NAME", schema["additionalProperties"], meet);
        if (schema.contains("anyOf"))
            for (const Json &choice : schema["anyOf"]) visit(path, choice, meet);
    }

    void collect(const std::string &path, const Json &schema) {
        visit(path, schema, [this](const std::string &where, const Json &object) {
            const bool is_new = paths_.emplace(object["properties"].dump(), where).second;
            if (is_new) sections_.push_back({where, object});
            return is_new;
        });
    }

    std::map<std::string, std::string> paths_;  ///< by the text of their keys
    std::vector<Section> sections_;
};

bool is_required(const Json &object, const std::string &key) {
    if (!object.contains("required")) return false;
    for (const Json &name : object["required"])
        if (name == key) return true;
    return false;
}

void append_key(std::string &page, const Sections &sections, const Json &object,
                const std::string &key, const Json &value) {
    constexpr std::string_view mark = "; default: ";
    const std::string description = value["description"];
    const std::size_t end = description.find(mark);
    page += ".It Ic " + key + '\n';
    page += plain(description.substr(0, end)) + '\n';
    page += ".br\nvalue: " + plain(value["title"].get<std::string>()) + '\n';
    for (const std::string &path : sections.of_value(value))
        page += ".br\nkeys: see\n.Sx " + path + '\n';
    if (is_required(object, key)) page += ".br\nrequired\n";
    else if (end != std::string::npos)
        page += ".br\ndefault: " + plain(description.substr(end + mark.size())) + '\n';
    else if (value.contains("default") && value["default"] != Json::object())
        page += ".br\ndefault: " + plain(value["default"].dump()) + '\n';
}

}  // namespace

std::string manual_keys(std::string_view schema) {
    const Sections sections{Json::parse(schema)};
    std::string page;
    for (const auto &[path, object] : sections.all()) {
        page += ".Ss " + (path.empty() ? "Top level" : path) + "\n.Bl -tag -width Ds\n";
        for (const auto &[key, value] : object["properties"].items())
            if (!value.contains("not")) append_key(page, sections, object, key, value);
        page += ".El\n";
    }
    return page;
}

std::string manual(std::string_view version) {
    std::string page{manual_head};
    page += ".Os uvoy ";
    page += version;
    page += '\n';
    page += manual_introduction;
    page += manual_keys(schema());
    page += manual_end;
    return page;
}

}  // namespace uvoy::config
