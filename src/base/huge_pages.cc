#include "base/huge_pages.h"

#include <sys/mman.h>

namespace uvoy {

void prefer_huge_pages(void *memory, std::size_t size) {
    // It fails where the kernel has none, and then the table is as it was.
    static_cast<void>(madvise(memory, size, MADV_HUGEPAGE));
}

}  // namespace uvoy
