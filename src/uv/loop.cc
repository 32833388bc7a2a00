#include "uv/loop.h"

#include "base/log.h"
#include "uv/handle.h"
#include "uv/turns.h"
#include "uv/watch.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <span>
#include <utility>

namespace uvoy::uv {

namespace {

constexpr std::uint64_t libuv_token = ~std::uint64_t{0};
/// Of one poll.
constexpr std::size_t most_events = 1024;
/// Of one turn, if each brings as many events as it may.
constexpr int most_polls = 16;

/// Not by epoll_wait(): in a process of several threads that opens and closes a cancellation point
/// around the call, by two atomic operations.
std::size_t wait_for_events(int poller, std::span<epoll_event> events, int milliseconds) {
    constexpr std::size_t signal_set_size = 8;
    const auto count =
        syscall(SYS_epoll_pwait, poller, events.data(), static_cast<int>(events.size()),
                milliseconds, nullptr, signal_set_size);
    if (count < 0 && errno != EINTR) require(-errno, "epoll_pwait");
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

FileDescriptor make_poller() {
    FileDescriptor poller{epoll_create1(EPOLL_CLOEXEC)};
    if (!poller) require(-errno, "epoll_create1");
    return poller;
}

}  // namespace

Loop::Loop()
    : poller_{make_poller()}, buffer_{std::make_unique_for_overwrite<char[]>(read_buffer_size)} {
    std::signal(SIGPIPE, SIG_IGN);
    require(uv_loop_init(&loop_), "uv_loop_init");
    loop_.data = this;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = libuv_token}};
    require(epoll_ctl(poller(), EPOLL_CTL_ADD, uv_backend_fd(&loop_), &event) == 0 ? 0 : -errno,
            "epoll_ctl");
}

Loop::~Loop() {
    unsigned open = 0;
    uv_walk(
        &loop_,
        [](uv_handle_t *handle, void *count) {
            if (uv_is_closing(handle)) return;
            log::error("the loop ends with an open {} handle",
                       uv_handle_type_name(uv_handle_get_type(handle)));
            ++*static_cast<unsigned *>(count);
        },
        &open);
    for (std::size_t fd = 0; fd < watches_.size(); ++fd) {
        if (watches_[fd] == nullptr) continue;
        log::error("the loop ends with a watch of descriptor {}", fd);
        ++open;
    }
    if (open > 0) std::abort();
    // What is closing calls back in a turn or two.
    while (uv_loop_close(&loop_) != 0) uv_run(&loop_, UV_RUN_ONCE);
}

void Loop::run() {
    while (!stopped_ && alive()) turn(true);
    stopped_ = false;
}

void Loop::run_once(bool wait) {
    turn(wait && !stopped_);
    stopped_ = false;
}

void Loop::turn(bool wait) {
    tell_turns<&Turns::begin>();
    const int milliseconds = !wait || hurried_ || libuv_due_ ? 0 : timeout();
    // One of its timers is waited for, or it does not want to wait.
    if (milliseconds >= 0) libuv_due_ = true;
    // All that is there is of this turn: a full poll may have left something behind.
    for (int polls = 0; polls < most_polls; ++polls)
        if (poll(polls == 0 ? milliseconds : 0) < most_events) break;
    if (std::exchange(libuv_due_, false)) run_libuv();
    hurried_ = false;
    outbox_.open();
    tell_turns<&Turns::end>();
    outbox_.close();
}

std::size_t Loop::poll(int milliseconds) {
    std::array<epoll_event, most_events> events;
    const std::size_t count = wait_for_events(poller(), events, milliseconds);
    for (auto left = std::span{events}.first(count); !left.empty();) {
        const auto some = left.first(std::min(left.size(), Outbox::most_events));
        left = left.subspan(some.size());
        if (some.size() == 1) tell(some.front());
        else tell_together(some);
    }
    return count;
}

void Loop::tell_together(std::span<const epoll_event> events) {
    const Callback callback{*this};
    time_ = {};
    together_ = true;
    outbox_.open();
    for (const epoll_event &event : events) tell(event);
    call_due_hook();
    together_ = false;
    outbox_.close();
}

void Loop::run_libuv() {
    uv_run(&loop_, UV_RUN_NOWAIT);
    libuv_waits_ = uv_loop_alive(&loop_) != 0 && uv_backend_timeout(&loop_) >= 0;
}

/// In milliseconds; -1 = for ever.
int Loop::timeout() {
    if (!libuv_waits_) return alive() ? -1 : 0;
    const int stale = uv_backend_timeout(&loop_);
    if (stale <= 0) return stale;
    uv_update_time(&loop_);
    return uv_backend_timeout(&loop_);
}

/// The watch may have gone in an earlier event of the turn, and another have its descriptor.  It
/// may even be closed: a child has it until it runs another program, and so has the kernel.
void Loop::tell(const epoll_event &event) {
    const std::uint64_t token = event.data.u64;
    if (token == libuv_token) {
        libuv_due_ = true;
        return;
    }
    Watch *const watch = watches_[static_cast<std::uint32_t>(token)];
    if (watch != nullptr && watch->serial_ == token >> 32) watch->ready(event.events);
}

template <auto tell>
void Loop::tell_turns() {
    // By place, because those who are told may add, for the next time, and take away.
    bool gone = false;
    for (std::size_t i = 0, size = turns_.size(); i < size; ++i) {
        if (turns_[i] != nullptr) (turns_[i]->*tell)();
        gone = gone || turns_[i] == nullptr;
    }
    if (gone) std::erase(turns_, nullptr);
}

std::uint32_t Loop::enter(Watch &watch, int fd) {
    if (fd < 0) return 0;
    const auto place = static_cast<std::size_t>(fd);
    if (place >= watches_.size()) watches_.resize(place + 1);
    assert(watches_[place] == nullptr);
    watches_[place] = &watch;
    return ++serial_;
}

void Loop::leave(int fd) { watches_[static_cast<std::size_t>(fd)] = nullptr; }

void Loop::leave(Turns &turns) {
    std::ranges::replace(turns_, &turns, static_cast<Turns *>(nullptr));
}

}  // namespace uvoy::uv
