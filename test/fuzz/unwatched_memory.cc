#include "../sim/memory.h"

// The simulated stream tells its own memory from the core's. Here nobody counts, so that the
// sanitizer keeps its own allocator and sees each mistake with it.
namespace uvoy::sim {

OutOfCore::OutOfCore() : before_{false} {}
OutOfCore::~OutOfCore() { static_cast<void>(before_); }

}  // namespace uvoy::sim
