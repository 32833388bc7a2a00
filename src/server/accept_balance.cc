#include "server/accept_balance.h"

#include <utility>

namespace uvoy::server {

namespace {

/// A difference of one in sixteen is noise; to a short connection a wake-up is not.
constexpr std::size_t noise_divisor = 16;

}  // namespace

AcceptBalance::AcceptBalance(std::size_t workers, std::uint64_t seed) {
    Random seeds{seed};
    for (std::size_t i = 0; i < workers; ++i)
        seats_.push_back(std::make_unique<Seat>(seeds.next()));
}

AcceptBalance::~AcceptBalance() {
    for (const auto &seat : seats_) {
        drop(seat->given.load(std::memory_order_acquire));
        drop(seat->taken);
    }
}

void AcceptBalance::drop(Node *list) {
    while (list != nullptr) {
        const std::unique_ptr<Node> first{list};
        list = first->next;
    }
}

void AcceptBalance::set_wake(std::size_t worker, Delegate<void()> wake) {
    seats_[worker]->wake = wake;
}

void AcceptBalance::set_connections(std::size_t worker, std::size_t count) {
    seats_[worker]->connections.store(count, std::memory_order_relaxed);
}

AcceptBalance::Seat &AcceptBalance::other_than(std::size_t worker) {
    const auto others = static_cast<std::uint32_t>(seats_.size() - 1);
    const std::size_t other = seats_[worker]->random.below(others);
    return *seats_[other + (other >= worker ? 1U : 0U)];
}

bool AcceptBalance::hand_over(std::size_t worker, Connection &connection) {
    if (seats_.size() < 2) return false;
    const Seat &own = *seats_[worker];
    if (!own.open.load(std::memory_order_relaxed)) return false;
    Seat &other = other_than(worker);
    const std::size_t load = own.load();
    if (other.load() + load / noise_divisor >= load) return false;
    // Either close() is seen here, or nothing_comes() sees the connection that comes.
    other.coming.fetch_add(1);
    if (!other.open.load()) {
        other.coming.fetch_sub(1);
        other.wake();  // it may have looked in between, and wait for what does not come
        return false;
    }
    auto node = std::make_unique<Node>(
        Node{std::move(connection), other.given.load(std::memory_order_relaxed)});
    while (!other.given.compare_exchange_weak(node->next, node.get(), std::memory_order_release,
                                              std::memory_order_relaxed)) {
    }
    static_cast<void>(node.release());  // the list has it
    other.wake();
    return true;
}

std::optional<AcceptBalance::Connection> AcceptBalance::take(std::size_t worker) {
    Seat &seat = *seats_[worker];
    if (std::exchange(seat.taking, false)) seat.coming.fetch_sub(1);
    if (seat.taken == nullptr) {
        Node *newest = seat.given.exchange(nullptr, std::memory_order_acquire);
        while (newest != nullptr) {
            Node *const next = std::exchange(newest->next, seat.taken);
            seat.taken = std::exchange(newest, next);
        }
    }
    if (seat.taken == nullptr) return std::nullopt;
    const std::unique_ptr<Node> first{std::exchange(seat.taken, seat.taken->next)};
    seat.taking = true;
    return std::move(first->connection);
}

void AcceptBalance::close(std::size_t worker) { seats_[worker]->open.store(false); }

bool AcceptBalance::nothing_comes(std::size_t worker) const {
    return seats_[worker]->coming.load() == 0;
}

}  // namespace uvoy::server
