#pragma once

#include "proxy/proxy.h"
#include "server/metrics_exporter.h"
#include "server/server_view.h"

#include <cstdint>
#include <string_view>

namespace uvoy::server {

/// What the admin API answers.  Everything is read-only: GET and HEAD.
class AdminService final : public proxy::Service {
public:
    enum class Guard : std::uint8_t {
        none,   ///< only users of this machine can connect: a Unix socket
        names,  ///< refuses host names, which is how a browser comes here by DNS rebinding
    };

    AdminService(const ServerView &view, Guard guard);

    proxy::LocalAnswer serve(const http::RequestHead &head, std::string_view path,
                             std::string_view query) override;

private:
    proxy::LocalAnswer index() const;
    proxy::LocalAnswer health() const;
    /// Whether a load balancer before this one should send requests here.  Endpoints do not count:
    /// taking every uvoy out when a cluster is down would only hide why.
    proxy::LocalAnswer ready() const;
    proxy::LocalAnswer metrics() const;
    proxy::LocalAnswer status() const;
    proxy::LocalAnswer clusters() const;

    const ServerView view_;
    Guard guard_;
    MetricsExporter exporter_;
};

}  // namespace uvoy::server
