#pragma once

#include "base/time.h"
#include "config/config.h"
#include "server/admin_service.h"
#include "server/proxy_driver.h"
#include "server/server_view.h"
#include "stats/worker_stats.h"
#include "uv/address.h"
#include "uv/loop.h"

namespace uvoy::server {

/// The admin API on the control loop: a proxy of its own, whose only service is AdminService.
class Admin {
public:
    /// Listens from now on.  Throws StartError that names /admin/address.
    Admin(uv::Loop &loop, const config::Admin &config, const ServerView &view);
    /// Cuts its connections.
    ~Admin();

    Admin(const Admin &) = delete;
    Admin &operator=(const Admin &) = delete;

    /// Ends an event: part of the control loop's after-event hook.
    void settle(TimePoint now) { driver_.settle(now); }

    /// Where it listens.
    const uv::SocketAddress &address() const { return address_; }

private:
    class Silence;  // an Observer that does not care

    uv::SocketAddress address_;
    AdminService service_;
    proxy::Runtime runtime_;
    stats::WorkerStats stats_;
    std::unique_ptr<Silence> observer_;
    ProxyDriver driver_;
};

}  // namespace uvoy::server
