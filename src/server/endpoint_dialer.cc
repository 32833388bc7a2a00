#include "server/endpoint_dialer.h"

#include "uv/transport.h"

namespace uvoy::server {

std::unique_ptr<proxy::Transport> EndpointDialer::dial(proxy::EndpointId endpoint,
                                                       proxy::TransportEvents &events) {
    return uv::StreamTransport::connect(
        loop_, addresses_.current(runtime_.endpoint_number(endpoint)), events);
}

}  // namespace uvoy::server
