#include "stats/totals.h"

#include <cassert>
#include <utility>

namespace uvoy::stats {

namespace {

constexpr std::size_t nobody = Lineage::nobody;

template <template <typename> typename Fields>
void add(Fields<Summed> &sum, const Fields<Summed> &more) {
    Fields<Summed>::each([](auto &to, const auto &from) { to += from; }, sum, more);
}

/// Objects that go on as `heirs`: `kept` gets what they counted, and `lineage` what they came from.
template <typename Kept, typename Own>
void inherit(std::vector<std::size_t> &lineage, const std::vector<std::size_t> &before, Kept &kept,
             Own own) {
    for (std::size_t i = 0; i < lineage.size(); ++i) {
        if (lineage[i] == nobody) continue;
        add(kept[i], own(lineage[i]));
        lineage[i] = before.empty() ? nobody : before[lineage[i]];
    }
}

}  // namespace

Totals::Totals(const Dimensions &dimensions)
    : request_index_{dimensions},
      listeners_(dimensions.listeners),
      clusters_(dimensions.clusters),
      endpoints_(dimensions.endpoints),
      limits_(dimensions.limits) {}

void Totals::follow(const Totals &former, Lineage lineage) {
    assert(former_ == nullptr && lineage.clusters.size() == clusters_.size() &&
           lineage.endpoints.size() == endpoints_.size());
    former_ = &former;
    lineage_ = std::move(lineage);
}

ListenerFields<Summed> Totals::listener(std::size_t index) const {
    auto sum = sum_listener(workers_, index);
    add(sum, listeners_[index]);
    if (former_ != nullptr && lineage_.listeners[index] != nobody)
        add(sum, former_->listener(lineage_.listeners[index]));
    return sum;
}

ClusterFields<Summed> Totals::cluster(std::size_t index) const {
    auto sum = sum_cluster(workers_, index);
    add(sum, clusters_[index]);
    if (former_ != nullptr && lineage_.clusters[index] != nobody)
        add(sum, former_->cluster(lineage_.clusters[index]));
    return sum;
}

EndpointFields<Summed> Totals::endpoint(std::size_t number) const {
    auto sum = sum_endpoint(workers_, number);
    add(sum, endpoints_[number]);
    if (former_ != nullptr && lineage_.endpoints[number] != nobody)
        add(sum, former_->endpoint(lineage_.endpoints[number]));
    return sum;
}

LimitFields<Summed> Totals::limit(std::size_t index) const {
    auto sum = sum_limit(workers_, index);
    add(sum, limits_[index]);
    if (former_ != nullptr && lineage_.limits[index] != nobody)
        add(sum, former_->limit(lineage_.limits[index]));
    return sum;
}

std::size_t Totals::former_slot(std::size_t slot) const {
    const RequestIndex &before = former_->request_index_;
    if (slot == request_index_.none_slot()) return before.none_slot();
    if (slot > request_index_.none_slot()) return before.folded() ? before.other_slot() : nobody;
    const std::size_t route = lineage_.routes[slot];
    if (route == nobody) return nobody;
    // What others share a counter with cannot be told apart from them.
    return before.slot_of(route) < before.none_slot() ? route : nobody;
}

std::uint64_t Totals::own_requests(std::size_t listener, std::size_t slot, std::size_t method,
                                   std::size_t code) const {
    const std::uint64_t live = sum_requests(workers_, listener, slot, method, code);
    if (requests_.empty()) return live;
    return live + requests_[request_index_.at(listener, slot, method, code)];
}

std::uint64_t Totals::requests(std::size_t listener, std::size_t slot, std::size_t method,
                               std::size_t code) const {
    const std::uint64_t own = own_requests(listener, slot, method, code);
    if (former_ == nullptr || lineage_.listeners[listener] == nobody) return own;
    const std::size_t before = former_slot(slot);
    if (before == nobody) return own;
    return own + former_->requests(lineage_.listeners[listener], before, method, code);
}

void Totals::restart(std::size_t endpoint) {
    if (former_ != nullptr) lineage_.endpoints[endpoint] = nobody;
    const auto sum = this->endpoint(endpoint);
    // Modulo 2^64: what is added to it makes it right again.
    EndpointFields<Summed>::each([](auto &to, const auto &from) { to -= from; },
                                 endpoints_[endpoint], sum);
}

void Totals::absorb_requests() {
    requests_.resize(request_index_.size());
    for (std::size_t listener = 0; listener < lineage_.listeners.size(); ++listener) {
        const std::size_t before = lineage_.listeners[listener];
        if (before == nobody) continue;
        for (std::size_t slot = 0; slot < request_index_.route_slots(); ++slot) {
            const std::size_t slot_before = former_slot(slot);
            if (slot_before == nobody) continue;
            for (std::size_t method = 0; method < methods; ++method)
                for (std::size_t code = 0; code < code_classes; ++code)
                    requests_[request_index_.at(listener, slot, method, code)] +=
                        former_->own_requests(before, slot_before, method, code);
        }
    }
}

void Totals::absorb() {
    assert(former_ != nullptr);
    const Totals &before = *former_;
    const Lineage &line = before.lineage_;
    absorb_requests();
    for (std::size_t &route : lineage_.routes)
        if (route != nobody) route = line.routes.empty() ? nobody : line.routes[route];
    inherit(lineage_.listeners, line.listeners, listeners_, [&](std::size_t index) {
        auto sum = sum_listener(before.workers_, index);
        add(sum, before.listeners_[index]);
        return sum;
    });
    inherit(lineage_.clusters, line.clusters, clusters_, [&](std::size_t index) {
        auto sum = sum_cluster(before.workers_, index);
        add(sum, before.clusters_[index]);
        return sum;
    });
    inherit(lineage_.endpoints, line.endpoints, endpoints_, [&](std::size_t index) {
        auto sum = sum_endpoint(before.workers_, index);
        add(sum, before.endpoints_[index]);
        return sum;
    });
    inherit(lineage_.limits, line.limits, limits_, [&](std::size_t index) {
        auto sum = sum_limit(before.workers_, index);
        add(sum, before.limits_[index]);
        return sum;
    });
    former_ = before.former_;
}

}  // namespace uvoy::stats
