#include "proxy/succession.h"

#include "proxy/proxy.h"

#include <utility>

namespace uvoy::proxy {

Succession::Succession(Proxy &to, Heirs heirs, TimePoint now)
    : to_{&to}, heirs_{std::move(heirs)}, gone_(heirs_.listeners.size()) {
    note_gone(now);
}

void Succession::pass_on(Proxy &to, const Heirs &heirs, TimePoint now) {
    for (auto &listener : heirs_.listeners)
        if (listener) listener = heirs.listeners[*listener];
    const Runtime &between = to_->runtime();
    for (auto &endpoint : heirs_.endpoints)
        if (endpoint) endpoint = heirs.endpoints[between.endpoint_number(*endpoint)];
    to_ = &to;
    note_gone(now);
}

void Succession::note_gone(TimePoint now) {
    for (std::size_t i = 0; i < gone_.size(); ++i)
        if (!heirs_.listeners[i] && !gone_[i]) gone_[i] = now;
}

}  // namespace uvoy::proxy
