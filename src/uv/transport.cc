#include "uv/transport.h"

#include "uv/loop.h"
#include "uv/timer.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

namespace uvoy::uv {
namespace {

StreamTransport *owner(const uv_stream_t *stream) {
    return static_cast<StreamTransport *>(stream->data);
}

std::size_t total(std::span<const proxy::Bytes> pieces) {
    std::size_t size = 0;
    for (const proxy::Bytes piece : pieces) size += piece.size();
    return size;
}

uv_buf_t to_buffer(proxy::Bytes bytes) {
    // libuv's buffers serve reading too, hence not const; writing leaves the bytes alone.
    return uv_buf_init(const_cast<char *>(bytes.data()), static_cast<unsigned>(bytes.size()));
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

/// Returns how many bytes the kernel took.  Errors count as none: the uv_write() of what is left
/// meets them again, and reports them from the loop.
///
/// uv_try_write() would do, at a third more instructions and with calls for files.
std::size_t write_now(const uv_stream_t &stream, std::span<const proxy::Bytes> pieces) {
    uv_os_fd_t fd = -1;
    if (uv_fileno(reinterpret_cast<const uv_handle_t *>(&stream), &fd) != 0) return 0;
    std::size_t written = 0;
    while (!pieces.empty()) {
        const auto batch = pieces.first(std::min(pieces.size(), most_pieces));
        const std::size_t size = total(batch);
        const ssize_t taken = send_some(fd, batch, size);
        if (taken > 0) written += static_cast<std::size_t>(taken);
        if (taken < 0 || static_cast<std::size_t>(taken) < size) break;
        pieces = pieces.subspan(batch.size());
    }
    return written;
}

/// libuv may conclude the end of the stream from EPOLLHUP alone, which a reset raises as well.
bool was_reset(uv_stream_t &stream) {
    uv_os_fd_t fd = -1;
    require(uv_fileno(reinterpret_cast<uv_handle_t *>(&stream), &fd), "uv_fileno");
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0;
}

proxy::ConnectError to_connect_error(int status) {
    switch (status) {
        case UV_ECONNREFUSED:
        case UV_ECONNRESET:
        case UV_ENOENT:  // a unix socket whose server is not up
            return proxy::ConnectError::refused;
        case UV_ETIMEDOUT:
            return proxy::ConnectError::timed_out;
        case UV_EMFILE:
        case UV_ENFILE:
        case UV_ENOBUFS:
        case UV_ENOMEM:
        case UV_EADDRNOTAVAIL:  // no port left for another connection to that address
            return proxy::ConnectError::exhausted;
        default:
            return proxy::ConnectError::failed;
    }
}

}  // namespace

/// What the kernel did not take yet.  At most one uv_write() is under way.
struct StreamTransport::Queue {
    uv_write_t request;
    std::string sending;
    std::string waiting;
};

void StreamTransport::CloseStream::operator()(uv_stream_t *stream) const {
    if (stream->type == UV_TCP) {
        CloseHandle{}(reinterpret_cast<uv_tcp_t *>(stream));
    } else {
        CloseHandle{}(reinterpret_cast<uv_pipe_t *>(stream));
    }
}

StreamTransport::StreamTransport(Loop &loop, SocketKind kind) : loop_{loop} {
    static_assert(sizeof(StreamTransport) <= 64);
    if (kind == SocketKind::tcp) {
        auto *tcp = new uv_tcp_t;
        uv_tcp_init(&loop.raw(), tcp);  // cannot fail without a socket
        stream_.reset(reinterpret_cast<uv_stream_t *>(tcp));
    } else {
        auto *pipe = new uv_pipe_t;
        uv_pipe_init(&loop.raw(), pipe, 0);  // cannot fail
        stream_.reset(reinterpret_cast<uv_stream_t *>(pipe));
    }
    stream_->data = this;
}

StreamTransport::~StreamTransport() = default;

std::unique_ptr<StreamTransport> StreamTransport::adopt(Loop &loop, int fd, SocketKind kind) {
    std::unique_ptr<StreamTransport> transport{new StreamTransport{loop, kind}};
    uv_stream_t *stream = transport->stream_.get();
    if (kind == SocketKind::tcp) {
        require(uv_tcp_open(reinterpret_cast<uv_tcp_t *>(stream), fd), "uv_tcp_open");
    } else {
        require(uv_pipe_open(reinterpret_cast<uv_pipe_t *>(stream), fd), "uv_pipe_open");
    }
    return transport;
}

std::unique_ptr<StreamTransport> StreamTransport::connect(Loop &loop, const SocketAddress &address,
                                                          proxy::TransportEvents &events) {
    std::unique_ptr<StreamTransport> transport{
        new StreamTransport{loop, address.is_unix() ? SocketKind::unix_domain : SocketKind::tcp}};
    transport->events_ = &events;
    transport->dial(address);
    return transport;
}

void StreamTransport::start(proxy::TransportEvents &events) {
    assert(events_ == nullptr);
    events_ = &events;
    open_ = true;
    update_reading();
}

void StreamTransport::dial(const SocketAddress &address) {
    const auto on_connect = [](uv_connect_t *request, int status) {
        StreamTransport *transport = owner(request->handle);
        delete request;
        if (transport != nullptr) transport->connected(status);
    };
    auto request = std::make_unique<uv_connect_t>();
    if (address.is_unix()) {
        sockaddr_un name;
        std::memcpy(&name, &address.storage, sizeof name);
        uv_pipe_connect(request.release(), reinterpret_cast<uv_pipe_t *>(stream_.get()),
                        name.sun_path, on_connect);
        return;
    }
    auto *tcp = reinterpret_cast<uv_tcp_t *>(stream_.get());
    uv_tcp_nodelay(tcp, 1);  // only noted until there is a socket
    status_ = uv_tcp_connect(request.get(), tcp, address.get(), on_connect);
    if (status_ == 0) {
        static_cast<void>(request.release());
        return;
    }
    later_ =
        std::make_unique<Timer>(loop_, Delegate<void()>::bind<&StreamTransport::expired>(*this));
    later_->arm({});
}

void StreamTransport::connected(int status) {
    if (status != 0) return report_connect_failed(status);
    open_ = true;
    update_reading();
    deliver<&proxy::TransportEvents::on_connected>();
}

void StreamTransport::expired() {
    if (over_) return;
    if (status_ != 0) return report_connect_failed(status_);
    report_broken();
}

void StreamTransport::report_connect_failed(int status) {
    over_ = true;
    deliver<&proxy::TransportEvents::on_connect_failed>(to_connect_error(status));
}

void StreamTransport::report_broken() {
    over_ = true;
    update_reading();
    deliver<&proxy::TransportEvents::on_broken>();
}

/// Always the last act of a callback: nobody knows whether `this` is still there afterwards.
template <auto event, typename... Args>
void StreamTransport::deliver(Args... args) {
    Loop &loop = loop_;
    const Loop::Callback callback{loop};
    const TimePoint now = Loop::now();
    (events_->*event)(args..., now);
    loop.after_event(now);
}

void StreamTransport::update_reading() {
    const bool wanted = open_ && !paused_ && !ended_ && !over_;
    if (wanted == reading_) return;
    reading_ = wanted;
    if (!wanted) {
        uv_read_stop(stream_.get());
        return;
    }
    require(uv_read_start(
                stream_.get(),
                [](uv_handle_t *handle, std::size_t, uv_buf_t *buffer) {
                    const auto space =
                        owner(reinterpret_cast<uv_stream_t *>(handle))->loop_.read_buffer();
                    *buffer = uv_buf_init(space.data(), static_cast<unsigned>(space.size()));
                },
                [](uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
                    // 0 is libuv's word for EAGAIN.
                    if (size != 0) owner(stream)->received(size, buffer->base);
                }),
            "uv_read_start");
}

void StreamTransport::received(ssize_t size, const char *data) {
    if (size > 0) {
        deliver<&proxy::TransportEvents::on_bytes>(
            proxy::Bytes{data, static_cast<std::size_t>(size)});
        return;
    }
    if (size != UV_EOF || write_failed_ || was_reset(*stream_)) return report_broken();
    ended_ = true;
    update_reading();
    deliver<&proxy::TransportEvents::on_end>();
}

void StreamTransport::pause_reading() {
    paused_ = true;
    update_reading();
}

void StreamTransport::resume_reading() {
    paused_ = false;
    update_reading();
}

void StreamTransport::write(std::span<const proxy::Bytes> pieces) {
    assert(!finishing_);
    if (over_ || write_failed_) return;
    const std::size_t written = queued() == 0 ? write_now(*stream_, pieces) : 0;
    if (written < total(pieces)) enqueue(pieces, written);
    drain_due_ = drain_due_ || queued() > 0;
}

void StreamTransport::enqueue(std::span<const proxy::Bytes> pieces, std::size_t skip) {
    std::unique_ptr<Queue> fresh;
    if (queue_ == nullptr) fresh = std::make_unique<Queue>();
    std::string &buffer = fresh ? fresh->sending : queue_->waiting;
    buffer.reserve(buffer.size() + total(pieces) - skip);
    for (const proxy::Bytes piece : pieces) {
        const std::size_t skipped = std::min(skip, piece.size());
        buffer.append(piece.substr(skipped));
        skip -= skipped;
    }
    if (fresh) send(std::move(fresh));
}

void StreamTransport::send(std::unique_ptr<Queue> queue) {
    queue_ = queue.release();
    const uv_buf_t buffer = to_buffer(queue_->sending);
    queue_->request.data = queue_;
    const int status =
        uv_write(&queue_->request, stream_.get(), &buffer, 1, [](uv_write_t *request, int result) {
            std::unique_ptr<Queue> mine{static_cast<Queue *>(request->data)};
            StreamTransport *transport = owner(request->handle);
            if (transport != nullptr) transport->written(std::move(mine), result);
        });
    require(status, "uv_write");
}

void StreamTransport::written(std::unique_ptr<Queue> queue, int status) {
    queue_ = nullptr;
    if (over_) return;
    if (status != 0) return write_broke();
    if (!queue->waiting.empty()) {
        queue->sending.swap(queue->waiting);
        queue->waiting.clear();
        return send(std::move(queue));
    }
    queue.reset();
    if (finishing_) shut_down();
    if (std::exchange(drain_due_, false)) deliver<&proxy::TransportEvents::on_drained>();
}

void StreamTransport::write_broke() {
    write_failed_ = true;
    if (!reading_) return report_broken();
    // What the peer said before it broke comes first: perhaps the answer that explains it.  A
    // turn of the loop reads it, and most often the break as well.
    later_ =
        std::make_unique<Timer>(loop_, Delegate<void()>::bind<&StreamTransport::expired>(*this));
    later_->arm({});
}

std::size_t StreamTransport::in_kernel() const {
    uv_os_fd_t fd = -1;
    int bytes = 0;
    if (stream_ == nullptr ||
        uv_fileno(reinterpret_cast<const uv_handle_t *>(stream_.get()), &fd) != 0 ||
        ioctl(fd, SIOCOUTQ, &bytes) != 0)
        return 0;
    return static_cast<std::size_t>(bytes);
}

bool StreamTransport::has_input() const {
    uv_os_fd_t fd = -1;
    if (stream_ == nullptr ||
        uv_fileno(reinterpret_cast<const uv_handle_t *>(stream_.get()), &fd) != 0)
        return true;
    char byte = 0;
    return recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
           (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::size_t StreamTransport::queued() const {
    if (queue_ == nullptr) return 0;
    return uv_stream_get_write_queue_size(stream_.get()) + queue_->waiting.size();
}

void StreamTransport::finish() {
    assert(!finishing_);
    finishing_ = true;
    if (!over_ && !write_failed_ && queue_ == nullptr) shut_down();
}

void StreamTransport::shut_down() {
    auto request = std::make_unique<uv_shutdown_t>();
    const int status =
        uv_shutdown(request.get(), stream_.get(), [](uv_shutdown_t *done, int) { delete done; });
    // It fails when the peer has gone, and then reading reports that.
    if (status == 0) static_cast<void>(request.release());
}

void StreamTransport::reset() {
    if (!stream_) return;
    // uv_tcp_close_reset() refuses when a shutdown is pending.
    uv_os_fd_t fd = -1;
    if (uv_fileno(reinterpret_cast<uv_handle_t *>(stream_.get()), &fd) == 0) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    stream_.reset();
    later_.reset();
    queue_ = nullptr;
    reading_ = false;
    over_ = true;
}

}  // namespace uvoy::uv
