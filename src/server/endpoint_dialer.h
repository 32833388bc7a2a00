#pragma once

#include "proxy/ports.h"
#include "proxy/runtime.h"
#include "server/endpoint_addresses.h"
#include "uv/loop.h"

namespace uvoy::server {

/// Opens a worker's connections to endpoints over its loop.
class EndpointDialer final : public proxy::Dialer {
public:
    EndpointDialer(uv::Loop &loop, const proxy::Runtime &runtime,
                   const EndpointAddresses &addresses)
        : loop_{loop}, runtime_{runtime}, addresses_{addresses} {}

    std::unique_ptr<proxy::Transport> dial(proxy::EndpointId endpoint,
                                           proxy::TransportEvents &events) override;

private:
    uv::Loop &loop_;
    const proxy::Runtime &runtime_;
    const EndpointAddresses &addresses_;
};

}  // namespace uvoy::server
