#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace uvoy::proxy {

/// Appends a head to a string.  Short pieces are gathered first, for there a piece costs no more
/// than its copy.
class HeadWriter {
public:
    explicit HeadWriter(std::string &out) : out_{out} {}
    ~HeadWriter() { flush(); }

    HeadWriter(const HeadWriter &) = delete;
    HeadWriter &operator=(const HeadWriter &) = delete;

    HeadWriter &add(std::string_view text) {
        if (text.size() > longest_short) {
            flush();
            out_.append(text);
            return *this;
        }
        make_room(text.size());
        copy(text);
        size_ += text.size();
        return *this;
    }

    /// Words of ours, whose size the compiler knows.
    template <std::size_t size>
    HeadWriter &add(const char (&words)[size]) {
        static_assert(size <= longest_short);
        make_room(size - 1);
        std::memcpy(&short_[size_], words, size - 1);
        size_ += size - 1;
        return *this;
    }

    HeadWriter &number(std::uint64_t number) {
        std::array<char, 20> digits;
        char *const begin = digits.data();
        const char *const end = std::to_chars(begin, begin + digits.size(), number).ptr;
        return add(std::string_view{begin, end});
    }

    HeadWriter &field(std::string_view name, std::string_view value) {
        return add(name).add(": ").add(value).add("\r\n");
    }

private:
    static constexpr std::size_t longest_short = 256;

    void make_room(std::size_t size) {
        if (size_ + size > short_.size()) flush();
    }

    void flush() {
        out_.append(short_.data(), size_);
        size_ = 0;
    }

    /// Most texts are short, and a call of memcpy() takes longer than two overlapping moves.
    void copy(std::string_view text) {
        const char *const from = text.data();
        char *const to = short_.data() + size_;
        const std::size_t size = text.size();
        if (size > 32) std::memcpy(to, from, size);
        else if (size >= 16) copy_ends<16>(to, from, size);
        else if (size >= 8) copy_ends<8>(to, from, size);
        else if (size >= 4) copy_ends<4>(to, from, size);
        else
            for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }

    template <std::size_t bytes>
    static void copy_ends(char *to, const char *from, std::size_t size) {
        std::array<char, bytes> first;
        std::array<char, bytes> last;
        std::memcpy(first.data(), from, bytes);
        std::memcpy(last.data(), from + size - bytes, bytes);
        std::memcpy(to, first.data(), bytes);
        std::memcpy(to + size - bytes, last.data(), bytes);
    }

    std::string &out_;
    std::size_t size_ = 0;  // of what is in short_
    std::array<char, 1024> short_;
};

}  // namespace uvoy::proxy
