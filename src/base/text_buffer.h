#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace uvoy {

/// Text that a TextWriter appends to.  Keeps its memory when it is cleared.
class TextBuffer {
public:
    TextBuffer() = default;
    ~TextBuffer() = default;

    TextBuffer(const TextBuffer &) = delete;
    TextBuffer &operator=(const TextBuffer &) = delete;

    std::string_view view() const { return {begin_.get(), size_}; }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }

    void clear() { size_ = 0; }
    /// Leaves the first `size` bytes; there are no fewer.
    void cut(std::size_t size);
    void give_memory_back() {
        begin_.reset();
        size_ = capacity_ = 0;
    }

private:
    friend class TextWriter;

    /// Makes room for so many more bytes.
    [[gnu::cold]] void grow(std::size_t more);

    std::unique_ptr<char[]> begin_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// Appends to a buffer, which has it all when the writer is gone, and is left alone until then.
/// The place to write to is a local variable for the compiler, and so stays in a register.
class TextWriter {
public:
    explicit TextWriter(TextBuffer &to)
        : to_{to}, at_{end_of(to)}, left_{to.capacity_ - to.size_} {}
    ~TextWriter() { to_.size_ = to_.capacity_ - left_; }

    TextWriter(const TextWriter &) = delete;
    TextWriter &operator=(const TextWriter &) = delete;

    /// A text that is not in the buffer itself, which may move.
    TextWriter &add(std::string_view text) {
        make_room(text.size());
        copy(at_, text);
        advance(text.size());
        return *this;
    }

    /// Words of ours, whose size the compiler knows.
    template <std::size_t size>
    TextWriter &add(const char (&words)[size]) {
        make_room(size - 1);
        std::memcpy(at_, words, size - 1);
        advance(size - 1);
        return *this;
    }

    TextWriter &number(std::uint64_t number) {
        std::array<char, 20> digits;
        char *const begin = digits.data();
        const char *const end = std::to_chars(begin, begin + digits.size(), number).ptr;
        return add(std::string_view{begin, end});
    }

    TextWriter &field(std::string_view name, std::string_view value) {
        return add(name).add(": ").add(value).add("\r\n");
    }

private:
    static char *end_of(TextBuffer &buffer) { return buffer.begin_.get() + buffer.size_; }

    struct Place {
        char *at;
        std::size_t left;
    };

    void make_room(std::size_t size) {
        if (size <= left_) [[likely]]
            return;
        const Place place = grow(to_, left_, size);
        at_ = place.at;
        left_ = place.left;
    }

    /// Without the writer itself, whose members then need not be in memory.
    [[gnu::cold]] static Place grow(TextBuffer &to, std::size_t left, std::size_t size);

    void advance(std::size_t size) {
        at_ += size;
        left_ -= size;
    }

    /// Most texts are short, and a call of memcpy() takes longer than two overlapping moves.
    static void copy(char *to, std::string_view text);

    template <std::size_t bytes>
    static void copy_ends(char *to, const char *from, std::size_t size) {
        std::array<char, bytes> first;
        std::array<char, bytes> last;
        std::memcpy(first.data(), from, bytes);
        std::memcpy(last.data(), from + size - bytes, bytes);
        std::memcpy(to, first.data(), bytes);
        std::memcpy(to + size - bytes, last.data(), bytes);
    }

    TextBuffer &to_;
    char *at_;
    std::size_t left_;
};

}  // namespace uvoy
