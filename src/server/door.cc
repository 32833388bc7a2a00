#include "server/door.h"

#include "server/proxy_driver.h"

#include <utility>

namespace uvoy::server {

Door::Door(uv::Loop &loop, uv::FileDescriptor socket, std::string address, ProxyDriver &driver,
           std::size_t listener)
    : address_{std::move(address)},
      driver_{&driver},
      listener_{listener},
      socket_{loop, std::move(socket), uv::ListenSocket::OnAccept::bind<&Door::on_accept>(*this)} {}

void Door::move_to(ProxyDriver &driver, std::size_t listener) {
    driver_ = &driver;
    listener_ = listener;
    if (std::exchange(closing_, false)) socket_.admit_new(true);
}

void Door::close_slowly() {
    if (!std::exchange(closing_, true)) socket_.admit_new(false);
}

void Door::on_accept(int fd, const sockaddr_storage &peer) {
    driver_->on_accepted({.fd = uv::FileDescriptor{fd},
                          .peer = peer,
                          .listener = listener_,
                          .generation = driver_->generation()},
                         !closing_);
}

}  // namespace uvoy::server
