#include "uv/outbox.h"

#include "uv/transport.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace uvoy::uv {

Outbox::Outbox() : bytes_{std::make_unique_for_overwrite<char[]>(most_writes * longest_write)} {}

Outbox::~Outbox() { assert(count_ == 0); }

void Outbox::send_and_tell() {
    send_all();
    for (std::size_t i = 0; i < congested_.size(); ++i)
        if (congested_[i] != nullptr) std::exchange(congested_[i], nullptr)->tell_congested();
    congested_.clear();
}

bool Outbox::take(StreamTransport &from, std::span<const proxy::Bytes> pieces, std::size_t size) {
    if (count_ == most_writes || size > longest_write) send_all();
    if (size > longest_write) return false;
    char *end = bytes_.get() + used_;
    for (const proxy::Bytes piece : pieces) end = std::ranges::copy(piece, end).out;
    writes_[count_++] = {&from, static_cast<std::uint32_t>(used_),
                         static_cast<std::uint32_t>(size)};
    used_ += size;
    return true;
}

void Outbox::send_all() {
    for (const Write &write : std::span{writes_}.first(count_))
        if (write.from != nullptr) write.from->send_put_off(bytes_of(write));
    count_ = used_ = 0;
}

void Outbox::send_all_of(StreamTransport &from) {
    for (Write &write : std::span{writes_}.first(count_)) {
        if (write.from != &from) continue;
        write.from = nullptr;
        from.send_put_off(bytes_of(write));
    }
}

void Outbox::erase(const StreamTransport &gone) {
    std::ranges::replace(congested_, &gone, static_cast<StreamTransport *>(nullptr));
}

proxy::Bytes Outbox::bytes_of(const Write &write) const {
    return {bytes_.get() + write.begin, write.size};
}

}  // namespace uvoy::uv
