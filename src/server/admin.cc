#include "server/admin.h"

#include "server/listening_sockets.h"

#include <utility>
#include <vector>

namespace uvoy::server {

namespace {

/// A configuration whose only listener is the admin API's, with limits that suit it.
config::Config listener_only(const config::Admin &admin) {
    config::Listener listener;
    listener.name = "admin";
    listener.addresses = {admin.address};
    listener.limits.connections = 256;
    // One machine that holds all it gets leaves the others room.
    listener.limits.connections_per_client = 128;
    config::Config config;
    config.listeners.push_back(std::move(listener));
    config.admin.reset();
    return config;
}

}  // namespace

Admin::Admin(uv::Loop &loop, const config::Admin &config, const ServerView &view,
             Steering *steering)
    : service_{view,
               config.address.is_unix() ? AdminService::Guard::none : AdminService::Guard::names,
               steering},
      runtime_{listener_only(config), 0, 1},
      stats_{runtime_.dimensions()},
      driver_{loop,
              {.runtime = runtime_,
               .ports = {.observer = &observer_, .stats = &stats_, .service = &service_}}} {
    std::vector<uv::FileDescriptor> sockets =
        listen_at(config.address, 1, "/admin/address", config.mode);
    address_ = uv::local_address(sockets.front().get());
    for (uv::FileDescriptor &socket : sockets) driver_.listen(std::move(socket), 0);
}

}  // namespace uvoy::server
