#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace uvoy {

/// A list of at most `most` values, in place.  Memory that no value uses is never touched, which a
/// std::array of a class would initialise.
template <typename T, std::size_t most>
class Few {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    Few() = default;
    Few(const Few &) = delete;
    Few &operator=(const Few &) = delete;

    /// Not if it is full.
    void push_back(const T &value) { std::construct_at(data() + size_++, value); }
    void clear() { size_ = 0; }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    /// For how many more there is room.
    std::size_t room() const { return most - size_; }

    T &back() { return data()[size_ - 1]; }
    std::span<const T> view() const { return {data(), size_}; }

private:
    T *data() { return reinterpret_cast<T *>(memory_); }
    const T *data() const { return reinterpret_cast<const T *>(memory_); }

    std::size_t size_ = 0;
    alignas(T) std::byte memory_[most * sizeof(T)];
};

}  // namespace uvoy
