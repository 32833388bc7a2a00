#pragma once

#include "proxy/proxy.h"
#include "server/admin_json.h"
#include "server/server_view.h"
#include "server/steering.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace uvoy::server {

/// Carries out what the admin API is told.
class AdminChanges {
public:
    /// `steering` may be null: then every change is refused.
    AdminChanges(const ServerView &view, Steering *steering) : view_{view}, steering_{steering} {}

    /// Takes a request that has a JSON object for a body, or nothing.
    using Handler = proxy::LocalAnswer (AdminChanges::*)(const Json &body);

    /// What a POST to this path does; null: nothing does anything here.
    static Handler find(std::string_view path);

    /// Of a request's body: the text of a configuration is long, all else is short.
    static constexpr std::size_t most_body(std::string_view path) {
        return path == "/v1/diff" ? std::size_t{16} << 20 : std::size_t{64} << 10;
    }

    /// The endpoint that a path like /v1/clusters/X/endpoints/Y is of; none: it is no such path.
    static std::optional<EndpointChange> find_endpoint(std::string_view path);

    /// Reads `body`, which says what of `endpoint` to change, and carries it out.
    proxy::LocalAnswer run(EndpointChange endpoint, std::string_view body);

    /// Reads `body` and carries it out.
    proxy::LocalAnswer run(Handler handler, std::string_view body);

private:
    proxy::LocalAnswer drain(const Json &body);
    proxy::LocalAnswer undrain(const Json &body);
    proxy::LocalAnswer upgrade(const Json &body);
    proxy::LocalAnswer log_level(const Json &body);
    proxy::LocalAnswer reload(const Json &body);
    /// `text` is that of a configuration file.
    proxy::LocalAnswer diff(const Json &body);
    proxy::LocalAnswer set_draining(const Json &body, bool draining);

    const ServerView &view_;
    Steering *steering_;
};

}  // namespace uvoy::server
