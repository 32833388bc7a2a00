#pragma once

#include "proxy/ports.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace uvoy::uv {

class StreamTransport;

/// Small writes that are made while several events of one poll are told, or at the end of a turn:
/// put off until sixteen events have been told, or sixteen writes wait.  Telling and sending run
/// through different code, of which a CPU's first cache holds one, but not both: so either is
/// fetched once for many events and not for each.
class Outbox {
public:
    static constexpr std::size_t most_events = 16;
    static constexpr std::size_t most_writes = 16;
    /// Bytes.
    static constexpr std::size_t longest_write = std::size_t{4} * 1024;
    static_assert(most_writes * longest_write <= proxy::Transport::most_put_off);

    Outbox();
    ~Outbox();

    Outbox(const Outbox &) = delete;
    Outbox &operator=(const Outbox &) = delete;

    /// From here to close() writes are put off.
    void open() { open_ = true; }
    /// All is sent, and who has something that the kernel refused is told.
    void close() {
        open_ = false;
        if (count_ != 0 || !congested_.empty()) send_and_tell();
    }
    bool is_open() const { return open_; }

    /// Copies `pieces`, which have `size` bytes.  False: they are too long, and all that was put
    /// off has been sent before them.
    [[nodiscard]] bool take(StreamTransport &from, std::span<const proxy::Bytes> pieces,
                            std::size_t size);
    /// Sends what `from` has put off.
    void send_all_of(StreamTransport &from);
    /// The kernel refused something of it; its owner will be told.
    void note_congested(StreamTransport &of) { congested_.push_back(&of); }
    void forget(const StreamTransport &gone) {
        if (!congested_.empty()) erase(gone);
    }

private:
    struct Write {
        StreamTransport *from;  ///< null: has been sent
        std::uint32_t begin;
        std::uint32_t size;
    };

    void send_and_tell();
    void erase(const StreamTransport &gone);
    void send_all();
    proxy::Bytes bytes_of(const Write &write) const;

    bool open_ = false;
    std::size_t count_ = 0;  ///< of writes_
    std::size_t used_ = 0;   ///< of bytes_
    std::array<Write, most_writes> writes_;
    std::unique_ptr<char[]> bytes_;
    std::vector<StreamTransport *> congested_;  ///< null: has gone
};

}  // namespace uvoy::uv
