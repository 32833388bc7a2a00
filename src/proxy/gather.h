#pragma once

#include "http/body.h"
#include "proxy/ports.h"

#include <array>
#include <cstddef>
#include <span>

namespace uvoy::proxy {

/// Collects the pieces that one event sends to one transport, so that they leave in one system
/// call.  The pieces must live until flush().
class Gather {
public:
    explicit Gather(Transport *to) : to_{to} {}

    Gather(const Gather &) = delete;
    Gather &operator=(const Gather &) = delete;

    void add(Bytes piece) {
        if (piece.empty()) return;
        if (count_ == pieces_.size()) flush();
        pieces_[count_++] = piece;
    }

    /// One chunk of chunked coding; `data` is not empty.
    void add_chunk(Bytes data) {
        if (headers_ == scratch_.size() || count_ + 3 > pieces_.size()) flush();
        add(http::chunk_header(data.size(), scratch_[headers_++].data()));
        add(data);
        add("\r\n");
    }

    void flush() {
        if (count_ != 0) to_->write(std::span{pieces_}.first(count_));
        count_ = headers_ = 0;
    }

private:
    Transport *to_;
    std::size_t count_ = 0;
    std::size_t headers_ = 0;
    std::array<Bytes, 24> pieces_;
    std::array<std::array<char, 18>, 7> scratch_;
};

}  // namespace uvoy::proxy
