#include "uv/transport.h"

#include "uv/loop.h"
#include "uv/timer.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <string>
#include <utility>

namespace uvoy::uv {
namespace {

std::size_t total(std::span<const proxy::Bytes> pieces) {
    std::size_t size = 0;
    for (const proxy::Bytes piece : pieces) size += piece.size();
    return size;
}

/// Not by send(): in a process of several threads that opens and closes a cancellation point around
/// the call, by two atomic operations.
ssize_t send_one(int fd, proxy::Bytes piece) {
    return syscall(SYS_sendto, fd, piece.data(), piece.size(), MSG_NOSIGNAL, nullptr, 0);
}

/// At most `most_pieces`.
constexpr std::size_t most_pieces = 16;
ssize_t send_many(int fd, std::span<const proxy::Bytes> pieces) {
    std::array<iovec, most_pieces> vector;
    std::ranges::transform(pieces, vector.begin(), [](proxy::Bytes piece) {
        return iovec{.iov_base = const_cast<char *>(piece.data()), .iov_len = piece.size()};
    });
    msghdr message{};
    message.msg_iov = vector.data();
    message.msg_iovlen = pieces.size();
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/// A head with a small body costs the kernel less in one piece than what it takes to copy it.
constexpr std::size_t joined_below = 2048;
ssize_t send_joined(int fd, std::span<const proxy::Bytes> pieces) {
    std::array<char, joined_below> joined;
    char *end = joined.data();
    for (const proxy::Bytes piece : pieces) end = std::ranges::copy(piece, end).out;
    return send_one(fd, {joined.data(), static_cast<std::size_t>(end - joined.data())});
}

ssize_t send_some(int fd, std::span<const proxy::Bytes> pieces, std::size_t size) {
    if (pieces.size() == 1) return send_one(fd, pieces.front());
    return size < joined_below ? send_joined(fd, pieces) : send_many(fd, pieces);
}

/// Not by read(), which is for files first: the kernel takes longer to find out what to do.
ssize_t receive_some(int fd, std::span<char> space) {
    return syscall(SYS_recvfrom, fd, space.data(), space.size(), 0, nullptr, nullptr);
}

/// `pieces` have `size` bytes.  Returns how many the kernel took.  Errors count as none: sending
/// what is left meets them again, and reports them from the loop.
std::size_t write_now(int fd, std::span<const proxy::Bytes> pieces, std::size_t size) {
    std::size_t written = 0;
    while (written < size) {
        const bool all = pieces.size() <= most_pieces;
        const auto batch = all ? pieces : pieces.first(most_pieces);
        const std::size_t batch_size = all ? size - written : total(batch);
        const ssize_t taken = send_some(fd, batch, batch_size);
        if (taken > 0) written += static_cast<std::size_t>(taken);
        if (taken < 0 || static_cast<std::size_t>(taken) < batch_size) break;
        pieces = pieces.subspan(batch.size());
    }
    return written;
}

/// As recv(2), and leaves what there is.
ssize_t peek(int fd) {
    char byte = 0;
    return recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
}

/// Nothing is wrong: it works another time.
bool is_temporary(int error) { return error == EAGAIN || error == EINTR || error == ENOBUFS; }

proxy::ConnectError to_connect_error(int error) {
    switch (error) {
        case ECONNREFUSED:
        case ECONNRESET:
        case ENOENT:  // a unix socket whose server is not up
            return proxy::ConnectError::refused;
        case ETIMEDOUT:
            return proxy::ConnectError::timed_out;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EADDRNOTAVAIL:  // no port left for another connection to that address
            return proxy::ConnectError::exhausted;
        default:
            return proxy::ConnectError::failed;
    }
}

/// 0 or errno; EINPROGRESS is none.
int start_connecting(int fd, const SocketAddress &address) {
    while (connect(fd, address.get(), address.length) != 0)
        if (errno != EINTR) return errno == EINPROGRESS ? 0 : errno;
    return 0;
}

}  // namespace

/// What the kernel did not take yet.
struct StreamTransport::Queue {
    std::string bytes;
    std::size_t sent = 0;  ///< of them
};

StreamTransport::StreamTransport(Loop &loop, FileDescriptor socket)
    : socket_{std::move(socket)},
      watch_{loop, socket_.get(), Watch::OnReady::bind<&StreamTransport::on_ready>(*this)} {
    static_assert(sizeof(StreamTransport) <= 88);
}

StreamTransport::~StreamTransport() { close(); }

void StreamTransport::close() {
    send_what_was_put_off();
    watch_.loop().outbox().forget(*this);
    watch_.forget();
    socket_ = FileDescriptor{};
}

std::unique_ptr<StreamTransport> StreamTransport::adopt(Loop &loop, int fd) {
    return std::unique_ptr<StreamTransport>{new StreamTransport{loop, FileDescriptor{fd}}};
}

std::unique_ptr<StreamTransport> StreamTransport::connect(Loop &loop, const SocketAddress &address,
                                                          proxy::TransportEvents &events) {
    const int fd = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? errno : 0;
    std::unique_ptr<StreamTransport> transport{new StreamTransport{loop, FileDescriptor{fd}}};
    transport->events_ = &events;
    if (error == 0) {
        const int on = 1;
        if (!address.is_unix()) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        error = start_connecting(fd, address);
    }
    if (error == 0 && !transport->watch_.want(Watch::writable)) error = ENOMEM;
    if (error != 0) {
        transport->connect_error_ = error;
        transport->tell_later();
    }
    return transport;
}

void StreamTransport::start(proxy::TransportEvents &events) {
    assert(events_ == nullptr);
    events_ = &events;
    open_ = true;
    update_wants();
}

/// At most one event is delivered, always last.
void StreamTransport::on_ready(std::uint32_t events) {
    if (!open_) return on_connect_result();
    const bool broken = (events & Watch::broken) != 0;
    if (queue_ != nullptr && (broken || (events & Watch::writable) != 0) && flush()) return;
    if (reading() && (broken || (events & Watch::readable) != 0)) receive();
}

void StreamTransport::on_connect_result() {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return report_connect_failed(error);
    open_ = true;
    update_wants();
    deliver<&proxy::TransportEvents::on_connected>();
}

void StreamTransport::tell_later() {
    later_ = std::make_unique<Timer>(watch_.loop(),
                                     Delegate<void()>::bind<&StreamTransport::on_later>(*this));
    later_->arm({});
}

void StreamTransport::on_later() {
    if (over_) return;
    if (connect_error_ != 0) return report_connect_failed(connect_error_);
    // A turn reads no more than a buffer has room for.
    if (write_failed_ && reading() && peek(socket_.get()) > 0) return later_->arm({});
    report_broken();
}

void StreamTransport::report_connect_failed(int error) {
    over_ = true;
    update_wants();
    deliver<&proxy::TransportEvents::on_connect_failed>(to_connect_error(error));
}

void StreamTransport::report_broken() {
    over_ = true;
    queue_.reset();
    update_wants();
    deliver<&proxy::TransportEvents::on_broken>();
}

/// Always the last act of a callback: nobody knows whether `this` is still there afterwards.
template <auto event, typename... Args>
void StreamTransport::deliver(Args... args) {
    Loop &loop = watch_.loop();
    const Loop::Callback callback{loop};
    const TimePoint now = loop.time();
    (events_->*event)(args..., now);
    loop.after_event(now);
}

void StreamTransport::update_wants() {
    const std::uint32_t read = reading() ? Watch::readable : 0;
    const bool connecting = !open_ && events_ != nullptr && connect_error_ == 0 && !over_;
    const std::uint32_t write = queue_ != nullptr || connecting ? Watch::writable : 0;
    // Without being told, the stream would stand still.
    if (!watch_.want(read | write) && later_ == nullptr) tell_later();
}

void StreamTransport::receive() {
    const std::span<char> space = watch_.loop().read_buffer();
    const ssize_t size = receive_some(socket_.get(), space);
    if (size > 0) {
        deliver<&proxy::TransportEvents::on_bytes>(
            proxy::Bytes{space.data(), static_cast<std::size_t>(size)});
        return;
    }
    if (size < 0 && is_temporary(errno)) return;
    if (size < 0 || write_failed_) return report_broken();
    ended_ = true;
    update_wants();
    deliver<&proxy::TransportEvents::on_end>();
}

void StreamTransport::pause_reading() {
    paused_ = true;
    update_wants();
}

void StreamTransport::resume_reading() {
    paused_ = false;
    update_wants();
}

void StreamTransport::write(std::span<const proxy::Bytes> pieces) {
    assert(!finishing_);
    if (over_ || write_failed_) return;
    const std::size_t size = total(pieces);
    Outbox &outbox = watch_.loop().outbox();
    if (outbox.is_open() && queue_ == nullptr && outbox.take(*this, pieces, size)) {
        ++put_off_;
        return;
    }
    send_what_was_put_off();
    const std::size_t written = queue_ == nullptr ? write_now(socket_.get(), pieces, size) : 0;
    watch_.loop().took_long();
    if (written < size) enqueue(pieces, written);
}

void StreamTransport::enqueue(std::span<const proxy::Bytes> pieces, std::size_t skip) {
    if (queue_ == nullptr) queue_ = std::make_unique<Queue>();
    std::string &bytes = queue_->bytes;
    if (queue_->sent > bytes.size() / 2) bytes.erase(0, std::exchange(queue_->sent, 0));
    bytes.reserve(bytes.size() + total(pieces) - skip);
    for (const proxy::Bytes piece : pieces) {
        const std::size_t skipped = std::min(skip, piece.size());
        bytes.append(piece.substr(skipped));
        skip -= skipped;
    }
    update_wants();
}

void StreamTransport::send_put_off(proxy::Bytes bytes) {
    --put_off_;
    if (over_ || write_failed_) return;
    const bool had_queue = queue_ != nullptr;
    const ssize_t taken = had_queue ? 0 : send_one(socket_.get(), bytes);
    watch_.loop().took_long();
    if (taken == static_cast<ssize_t>(bytes.size())) return;
    enqueue(std::array{bytes}, taken > 0 ? static_cast<std::size_t>(taken) : 0);
    if (!had_queue) watch_.loop().outbox().note_congested(*this);
}

void StreamTransport::send_what_was_put_off() {
    if (put_off_ != 0) watch_.loop().outbox().send_all_of(*this);
}

void StreamTransport::tell_congested() {
    if (queue_ != nullptr && !over_) deliver<&proxy::TransportEvents::on_congested>();
}

/// Sends from the queue.  True: an event was delivered.
bool StreamTransport::flush() {
    const std::size_t left = queued();
    const ssize_t taken = send_one(socket_.get(), proxy::Bytes{queue_->bytes}.substr(queue_->sent));
    if (taken < 0) return !is_temporary(errno) && write_broke();
    queue_->sent += static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) < left) return false;
    queue_.reset();
    update_wants();
    if (finishing_) shutdown(socket_.get(), SHUT_WR);
    deliver<&proxy::TransportEvents::on_drained>();
    return true;
}

/// True: an event was delivered.
bool StreamTransport::write_broke() {
    write_failed_ = true;
    queue_.reset();
    update_wants();
    if (!reading()) {
        report_broken();
        return true;
    }
    // What the peer said before it broke comes first: perhaps the answer that explains it.  Turns
    // of the loop read it, and most often the break as well.
    tell_later();
    return false;
}

std::size_t StreamTransport::in_kernel() {
    send_what_was_put_off();
    int bytes = 0;
    if (!socket_ || ioctl(socket_.get(), SIOCOUTQ, &bytes) != 0) return 0;
    return static_cast<std::size_t>(bytes);
}

bool StreamTransport::has_input() const {
    return !socket_ || peek(socket_.get()) >= 0 || errno != EAGAIN;
}

std::size_t StreamTransport::queued() {
    send_what_was_put_off();
    return queue_ == nullptr ? 0 : queue_->bytes.size() - queue_->sent;
}

void StreamTransport::finish() {
    assert(!finishing_);
    send_what_was_put_off();
    finishing_ = true;
    // It fails when the peer has gone, and then reading reports that.
    if (!over_ && !write_failed_ && queue_ == nullptr) shutdown(socket_.get(), SHUT_WR);
}

void StreamTransport::reset() {
    if (!socket_) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
    later_.reset();
    queue_.reset();
    over_ = true;
}

}  // namespace uvoy::uv
