#pragma once

#include "proxy/proxy.h"
#include "server/metrics_exporter.h"
#include "server/server_view.h"

#include <string_view>

namespace uvoy::server {

/// What the admin API answers.  Everything is read-only: GET and HEAD.
class AdminService final : public proxy::Service {
public:
    enum class Guard : std::uint8_t {
        none,   ///< only this machine's users can connect (Unix socket)
        names,  ///< refuses host names: a browser that was lured here by DNS rebinding has one
    };

    AdminService(const ServerView &view, Guard guard);

    proxy::LocalAnswer serve(const http::RequestHead &head, std::string_view path,
                             std::string_view query) override;

private:
    proxy::LocalAnswer ready() const;
    proxy::LocalAnswer metrics() const;

    const ServerView view_;
    Guard guard_;
    MetricsExporter exporter_;
};

}  // namespace uvoy::server
