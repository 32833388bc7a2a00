#pragma once

#include <cstddef>

namespace uvoy::sim {

/// Bytes that the core has allocated and not freed, on the heap of this program: operator new and
/// operator delete are replaced, and count while the core runs.
std::size_t core_bytes();

/// The core runs for as long as this lives.
class InCore {
public:
    InCore();
    ~InCore();

    InCore(const InCore &) = delete;
    InCore &operator=(const InCore &) = delete;

private:
    bool before_;
};

/// A port of the core does: what the simulator allocates is not counted.
class OutOfCore {
public:
    OutOfCore();
    ~OutOfCore();

    OutOfCore(const OutOfCore &) = delete;
    OutOfCore &operator=(const OutOfCore &) = delete;

private:
    bool before_;
};

}  // namespace uvoy::sim
