#include "base/text_buffer.h"

#include <algorithm>
#include <cassert>

namespace uvoy {

namespace {

constexpr std::size_t smallest = 512;

}  // namespace

void TextBuffer::cut(std::size_t size) {
    assert(size <= size_);
    size_ = size;
}

void TextBuffer::grow(std::size_t more) {
    const std::size_t capacity = std::max({smallest, 2 * capacity_, size_ + more});
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(begin_.get(), size_, larger.get());
    begin_ = std::move(larger);
    capacity_ = capacity;
}

TextWriter::Place TextWriter::grow(TextBuffer &to, std::size_t left, std::size_t size) {
    to.size_ = to.capacity_ - left;
    to.grow(size);
    return {end_of(to), to.capacity_ - to.size_};
}

void TextWriter::copy(char *to, std::string_view text) {
    const char *const from = text.data();
    const std::size_t size = text.size();
    if (size > 64) std::memcpy(to, from, size);
    else if (size > 32) copy_ends<32>(to, from, size);
    else if (size >= 16) copy_ends<16>(to, from, size);
    else if (size >= 8) copy_ends<8>(to, from, size);
    else if (size >= 4) copy_ends<4>(to, from, size);
    else
        for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
}

}  // namespace uvoy
