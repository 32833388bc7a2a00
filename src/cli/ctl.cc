#include "cli/ctl.h"

#include "cli/admin_client.h"
#include "cli/ctl_text.h"
#include "config/document.h"
#include "config/load.h"
#include "config/parse_address.h"
#include "config/read_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace uvoy::cli {

namespace {

/// Where packages put it.
constexpr const char *packaged_config = "/etc/uvoy/uvoy.json";

/// Whoever has asked `process` to hand over sees here that it has, or why not.  None: not yet.
std::optional<AdminAnswer> outcome(const AdminAnswer &answer, const server::Json &process) {
    const server::Json status = server::Json::parse(answer.body, nullptr, false);
    if (!answer.ok() || !status.is_object()) return std::nullopt;
    // It serves while it is out of the rotation, too, which is "draining".
    if (status.at("pid") != process)
        return status.at("state") != "starting" ? std::optional{answer} : std::nullopt;
    const server::Json &upgrade = status.at("upgrade");
    if (!upgrade.is_object() || upgrade.at("state") != "failed") return std::nullopt;
    const server::Json problem{{"detail", "no upgrade: " + upgrade.at("why").get<std::string>()}};
    return AdminAnswer{.status = 409, .body = problem.dump(2) + "\n"};
}

/// Waits until the other process serves.
AdminAnswer upgrade(const AdminClient &client) {
    using Clock = std::chrono::steady_clock;
    AdminAnswer answer = client.change("POST", "/v1/upgrade");
    if (!answer.ok()) return answer;
    const server::Json process = server::Json::parse(answer.body).at("pid");
    // A little longer than the process itself waits.
    const auto deadline = Clock::now() + std::chrono::seconds{70};
    while (Clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        try {
            if (auto end = outcome(client.get("/v1/status"), process)) return std::move(*end);
        } catch (const Unreachable &) {
            // Of the two processes one has just closed its door.
        }
    }
    throw Unreachable{"no answer from either process"};
}

std::string diff_question(const std::string &file) {
    const auto text = config::read_file(file, config::Document::max_bytes);
    if (!text) throw std::invalid_argument{file + ": " + text.error()};
    return server::Json{{"text", *text}}.dump(-1, ' ', false,
                                              server::Json::error_handler_t::replace);
}

/// RFC 3986 section 2.1, all but what is unreserved.
std::string encoded(std::string_view text) {
    std::string result;
    for (const char byte : text) {
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' ||
                           byte == '_' || byte == '~';
        if (plain) result += byte;
        else result += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
    return result;
}

AdminAnswer change_endpoint(const CtlLine &line, const AdminClient &client) {
    server::Json change = server::Json::object();
    if (!line.state.empty()) change["state"] = line.state;
    if (line.weight != 0) change["weight"] = line.weight;
    return client.change(
        "PATCH",
        fmt::format("/v1/clusters/{}/endpoints/{}", encoded(line.cluster), encoded(line.endpoint)),
        change.dump());
}

AdminAnswer failures(const CtlLine &line, const AdminClient &client) {
    std::string path = "/v1/failures";
    const auto add = [&](std::string_view name, const std::string &value) {
        if (value.empty()) return;
        path += path.find('?') == path.npos ? '?' : '&';
        path.append(name).append("=").append(encoded(value));
    };
    if (line.limit != 0) add("limit", std::to_string(line.limit));
    add("reason", line.reason);
    add("cluster", line.cluster);
    return client.get(path);
}

/// Throws std::invalid_argument.
std::string question_of(const server::Question &question) {
    server::Json headers = server::Json::array();
    for (const std::string &header : question.headers) {
        const std::size_t colon = header.find(':');
        if (colon == header.npos)
            throw std::invalid_argument{"-H: \"" + header + "\" has no colon"};
        const std::size_t value =
            std::min(header.find_first_not_of(" \t", colon + 1), header.size());
        headers.push_back({header.substr(0, colon), header.substr(value)});
    }
    const server::Json json{{"method", question.method},
                            {"url", question.url},
                            {"headers", std::move(headers)},
                            {"client", question.client}};
    return json.dump(-1, ' ', false, server::Json::error_handler_t::replace);
}

AdminAnswer ask(const CtlLine &line, const AdminClient &client) {
    using Verb = CtlLine::Verb;
    switch (line.verb) {
        case Verb::status:
            break;
        case Verb::clusters:
            return client.get("/v1/clusters");
        case Verb::drain:
            return client.change("POST", "/v1/drain");
        case Verb::undrain:
            return client.change("POST", "/v1/undrain");
        case Verb::endpoint:
            return change_endpoint(line, client);
        case Verb::upgrade:
            return upgrade(client);
        case Verb::log_level:
            return client.change("POST", "/v1/log-level",
                                 server::Json{{"level", line.level}}.dump());
        case Verb::reload:
            return client.change("POST", "/v1/reload");
        case Verb::diff:
            return client.change("POST", "/v1/diff", diff_question(line.file));
        case Verb::failures:
            return failures(line, client);
        case Verb::explain:
            return client.change("POST", "/v1/explain", question_of(line.question));
    }
    return client.get("/v1/status");
}

std::string text_of(CtlLine::Verb verb, const server::Json &json) {
    using Verb = CtlLine::Verb;
    switch (verb) {
        case Verb::clusters:
        case Verb::endpoint:
            return clusters_text(json);
        case Verb::log_level:
            return "log level: " + json.at("log_level").get<std::string>() + "\n";
        case Verb::reload:
        case Verb::diff:
            return changes_text(json);
        case Verb::failures:
            return failures_text(json);
        case Verb::explain:
            return printable(server::explanation_text(json));
        case Verb::status:
        case Verb::drain:
        case Verb::undrain:
        case Verb::upgrade:
            break;
    }
    return status_text(json);
}

/// What was asked for cannot be had, though nobody refused to answer.
bool found_nothing(CtlLine::Verb verb, const server::Json &json) {
    return verb == CtlLine::Verb::explain && !json.contains("route");
}

/// What a problem document says, each of its mistakes in a line, or the status where it is none.
std::string reason(const AdminAnswer &answer) {
    const server::Json json = server::Json::parse(answer.body, nullptr, false);
    const auto problems = json.is_object() ? json.find("problems") : json.end();
    if (problems != json.end() && problems->is_array() && !problems->empty()) {
        std::string lines = problems->size() == 1 ? "" : "\n";
        for (const server::Json &problem : *problems) {
            if (lines.size() > 1) lines += '\n';
            lines += problem.is_string() ? problem.get<std::string>() : problem.dump();
        }
        return lines;
    }
    const auto detail = json.is_object() ? json.find("detail") : json.end();
    if (detail != json.end() && detail->is_string()) return detail->get<std::string>();
    return fmt::format("status {}", answer.status);
}

CtlExit tell(const CtlLine &line, const AdminAnswer &answer) {
    if (!answer.ok()) {
        if (line.json) fmt::print("{}", answer.body);
        fmt::print(stderr, "uvoy ctl: {}\n", reason(answer));
        return CtlExit::refused;
    }
    const server::Json json = server::Json::parse(answer.body, nullptr, false);
    const CtlExit exit = found_nothing(line.verb, json) ? CtlExit::refused : CtlExit::done;
    if (line.json) {
        fmt::print("{}", answer.body);
        return exit;
    }
    try {
        fmt::print("{}", text_of(line.verb, json));
    } catch (const server::Json::exception &) {
        // Another version may leave out what this one shows: then the words of its own.
        fmt::print("{}", answer.body);
    }
    return exit;
}

}  // namespace

config::Address admin_address(const CtlLine &line) {
    if (!line.admin.empty()) {
        auto address = config::parse_address(line.admin);
        if (!address) throw std::invalid_argument{"--admin: " + address.error()};
        return std::move(*address);
    }
    std::string path = line.config;
    if (path.empty() && access(packaged_config, R_OK) == 0) path = packaged_config;
    if (path.empty()) return config::Admin{}.address;
    auto address = config::load_admin_address(path);
    if (!address) throw Unreachable{address.error()};
    if (!*address) throw Unreachable{path + ": \"admin\" is null: there is no admin API"};
    return std::move(**address);
}

CtlExit run_ctl(const CtlLine &line) {
    try {
        return tell(line, ask(line, AdminClient{admin_address(line)}));
    } catch (const Unreachable &problem) {
        fmt::print(stderr, "uvoy ctl: {}\n", problem.what());
        return CtlExit::unreachable;
    } catch (const std::invalid_argument &problem) {
        fmt::print(stderr, "uvoy ctl: {}\n", problem.what());
        return CtlExit::usage;
    }
}

}  // namespace uvoy::cli
