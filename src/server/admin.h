#pragma once

#include "base/time.h"
#include "config/config.h"
#include "proxy/runtime.h"
#include "server/admin_service.h"
#include "server/proxy_driver.h"
#include "server/server_view.h"
#include "server/steering.h"
#include "stats/worker_stats.h"
#include "uv/address.h"
#include "uv/loop.h"

namespace uvoy::server {

/// The admin API on the control loop: a proxy of its own, whose only service is AdminService.
class Admin {
public:
    /// Listens from now on.  Throws StartError that names /admin/address.
    /// `steering` may be null: then every change is refused.
    Admin(uv::Loop &loop, const config::Admin &config, const ServerView &view,
          Steering *steering = nullptr);

    Admin(const Admin &) = delete;
    Admin &operator=(const Admin &) = delete;

    /// Ends an event: part of the control loop's after-event hook.
    void settle(TimePoint now) { driver_.settle(now); }

    /// What it tells of from now on.
    void show(const ServerView &view) { service_.show(view); }

    /// Somebody else serves the address from now on: stops accepting.
    void retire(TimePoint now) { driver_.drain(now); }
    bool retired() const { return driver_.draining(); }
    /// It is retired, and everyone has gone.
    bool over() const { return driver_.draining() && driver_.connections() == 0; }

    /// Where it listens; the first, if a name stands for several addresses.
    const uv::SocketAddress &address() const { return address_; }

private:
    /// Admin requests are neither logged nor do they fail at endpoints.
    class Silence final : public proxy::Observer {
        void on_endpoint_failure(const proxy::EndpointFailure &) override {}
        void on_exchange(const proxy::ExchangeRecord &) override {}
    };

    AdminService service_;
    Silence observer_;
    proxy::Runtime runtime_;
    stats::WorkerStats stats_;
    ProxyDriver driver_;
    uv::SocketAddress address_;
};

}  // namespace uvoy::server
