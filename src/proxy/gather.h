#pragma once

#include "base/few.h"
#include "base/text_buffer.h"
#include "http/body.h"
#include "proxy/ports.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

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
        end_run();
        append(piece);
    }

    /// A head.  Small data right behind it may be appended to the buffer itself.
    void add_head(TextBuffer &head) {
        end_run();
        append(head.view());
        head_ = &head;
    }

    /// Part of a body, not empty, as one chunk of chunked coding or as it is.  Small ones are
    /// copied and joined: whoever sends a byte a chunk must not cost a system call for every few.
    void add_data(Bytes data, bool chunked) {
        if (data.size() >= joined_below) {
            end_run();
            if (!chunked) {
                append(data);
                return;
            }
            if (headers_ == scratch_.size() || pieces_.room() < 3) write_out();
            append(http::chunk_header(data.size(), scratch_[headers_++].data()));
            append(data);
            append("\r\n");
            return;
        }
        if (head_ != nullptr && run_size_ == 0 && !chunked &&
            head_->size() + data.size() <= longest_joined_head) {
            TextWriter{*head_}.add(data);
            pieces_.back() = head_->view();
            return;
        }
        if (run_begin_ + run_size_ + data.size() > joined_.size()) flush();
        std::memcpy(joined_.data() + run_begin_ + run_size_, data.data(), data.size());
        run_size_ += data.size();
        run_chunked_ = chunked;
    }

    void flush() {
        end_run();
        if (!pieces_.empty()) write_out();
        run_begin_ = 0;
    }

    /// From here on written() counts.  Nothing is pending.
    void mark() { written_ = false; }
    /// Whether any byte has left since mark().
    bool written() const { return written_; }
    /// Bytes that have left since the last call, framing included.
    std::size_t take_sent() { return std::exchange(sent_, 0); }
    /// Forgets what has not left.
    void discard() {
        pieces_.clear();
        headers_ = run_begin_ = run_size_ = 0;
        head_ = nullptr;
    }

private:
    static constexpr std::size_t joined_below = 512;
    static constexpr std::size_t longest_joined_head = std::size_t{4} * 1024;

    void append(Bytes piece) {
        if (pieces_.room() == 0) write_out();
        pieces_.push_back(piece);
        head_ = nullptr;
    }

    /// The small pieces since the last large one become one chunk.
    void end_run() {
        if (run_size_ == 0) return;
        const Bytes run{joined_.data() + run_begin_, run_size_};
        if (headers_ == scratch_.size() || pieces_.room() < 3) write_out();
        run_begin_ += std::exchange(run_size_, 0);
        if (run_chunked_) append(http::chunk_header(run.size(), scratch_[headers_++].data()));
        append(run);
        if (run_chunked_) append("\r\n");
    }

    void write_out() {
        for (const Bytes piece : pieces_.view()) sent_ += piece.size();
        to_->write(pieces_.view());
        pieces_.clear();
        headers_ = 0;
        head_ = nullptr;
        written_ = true;
    }

    Transport *to_;
    TextBuffer *head_ = nullptr;  // the last of pieces_
    std::size_t headers_ = 0;
    std::size_t sent_ = 0;
    std::size_t run_begin_ = 0;  // in joined_
    std::size_t run_size_ = 0;
    bool run_chunked_ = false;
    bool written_ = false;
    Few<Bytes, 24> pieces_;
    std::array<std::array<char, 18>, 7> scratch_;
    std::array<char, 8192> joined_;
};

}  // namespace uvoy::proxy
