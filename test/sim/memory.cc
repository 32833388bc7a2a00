#include "memory.h"

#include <malloc.h>

#include <cstdlib>
#include <new>
#include <utility>

namespace uvoy::sim {

namespace {

bool in_core = false;
std::size_t bytes = 0;  // modulo 2^64 while what was allocated outside is freed inside

}  // namespace

std::size_t core_bytes() { return bytes; }

InCore::InCore() : before_{std::exchange(in_core, true)} {}
InCore::~InCore() { in_core = before_; }

OutOfCore::OutOfCore() : before_{std::exchange(in_core, false)} {}
OutOfCore::~OutOfCore() { in_core = before_; }

}  // namespace uvoy::sim

// The other forms, but for those of over-aligned types, call these.
void *operator new(std::size_t size) {
    void *const memory = std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc{};
    if (uvoy::sim::in_core) uvoy::sim::bytes += malloc_usable_size(memory);
    return memory;
}

void operator delete(void *memory) noexcept {
    if (uvoy::sim::in_core && memory != nullptr) uvoy::sim::bytes -= malloc_usable_size(memory);
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept { operator delete(memory); }
