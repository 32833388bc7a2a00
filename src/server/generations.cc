#include "server/generations.h"

#include "server/inherited_sockets.h"
#include "server/start_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace uvoy::server {

namespace {

std::set<std::string> addresses_of(const config::Config &config) {
    std::set<std::string> addresses;
    for (const config::Listener &listener : config.listeners)
        for (const config::Address &address : listener.addresses) addresses.insert(address.text());
    return addresses;
}

}  // namespace

Generations::Generations(uv::Loop &loop, std::unique_ptr<Generation> first)
    : progress_{loop, Delegate<void()>::bind<&Generations::on_progress>(*this)},
      timer_{loop, Delegate<void()>::bind<&Generations::close_some>(*this)} {
    list_.push_back(std::move(first));
}

void Generations::begin(Workers workers, std::vector<std::vector<BoundSocket>> sockets) {
    workers_ = workers;
    adopt(std::move(sockets));
}

void Generations::adopt(std::vector<std::vector<BoundSocket>> sockets) {
    for (std::size_t i = 0; i < workers_.size(); ++i)
        workers_[i]->adopt(present(), std::move(sockets[i]));
}

void Generations::wake_workers() {
    for (const auto &worker : workers_) worker->wake();
}

std::vector<std::vector<BoundSocket>> Generations::sockets_for(const config::Config &config) {
    std::set<std::string> open = addresses_of(present().runtime().config());
    const std::set<std::string> wanted = addresses_of(config);
    for (const Closing &closing : closing_) {
        if (closing.orders.empty()) {
            open.insert(closing.address);
        } else if (wanted.contains(closing.address) && !is_closed(closing)) {
            throw StartError{"/listeners", fmt::format("{}: is being closed, try again in a moment",
                                                       closing.address)};
        }
    }
    return listen_for_workers(config.listeners, workers_.size(), open);
}

void Generations::add(std::unique_ptr<Generation> next,
                      std::vector<std::vector<BoundSocket>> sockets) {
    const std::set<std::string> before = addresses_of(present().runtime().config());
    const std::set<std::string> after = addresses_of(next->runtime().config());
    std::erase_if(closing_, [&](const Closing &closing) {
        return closing.orders.empty() && after.contains(closing.address);
    });
    const TimePoint due = uv::Loop::now() + closing_time;
    for (const std::string &address : before)
        if (!after.contains(address)) closing_.push_back({.address = address, .due = due});
    list_.push_back(std::move(next));
    adopt(std::move(sockets));
    set_modes(present().runtime().config().listeners);
    wake_workers();
    close_some();
}

void Generations::reopen_logs() {
    // One that several have in common hears it several times, and does it once.
    for (const auto &generation : list_)
        if (generation->log()) generation->log()->reopen();
}

void Generations::on_progress() {
    forget_former();
    end_those_over();
    if (std::erase_if(closing_, [&](const Closing &closing) { return is_closed(closing); }) != 0)
        reopen_inherited();
}

void Generations::forget_former() {
    const std::size_t before = forgotten_;
    while (forgotten_ + 1 < list_.size() && std::ranges::all_of(workers_, [&](const auto &worker) {
               return worker->adopted() > list_[forgotten_]->number();
           })) {
        for (const auto &worker : workers_) worker->forget(list_[forgotten_]->number());
        ++forgotten_;
    }
    if (forgotten_ != before) wake_workers();
}

void Generations::end_those_over() {
    for (std::size_t i = 0; i < forgotten_;) {
        if (!list_[i]->is_over()) {
            ++i;
            continue;
        }
        if (on_end_) on_end_(*list_[i]);
        list_[i + 1]->totals().absorb();
        list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(i));
        --forgotten_;
    }
}

void Generations::close_some() {
    const TimePoint now = uv::Loop::now();
    TimePoint next = TimePoint::max();
    bool any = false;
    for (Closing &closing : closing_) {
        if (!closing.orders.empty()) continue;
        if (closing.due > now) {
            next = std::min(next, closing.due);
            continue;
        }
        for (const auto &worker : workers_) {
            worker->close(closing.address);
            closing.orders.push_back(worker->given());
        }
        any = true;
    }
    if (any) wake_workers();
    if (next != TimePoint::max()) timer_.arm_at(next);
}

bool Generations::is_closed(const Closing &closing) const {
    for (std::size_t i = 0; i < closing.orders.size(); ++i)
        if (workers_[i]->done() < closing.orders[i]) return false;
    return !closing.orders.empty();
}

}  // namespace uvoy::server
