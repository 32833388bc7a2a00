#include "rcu/rcu.h"

#include <doctest/doctest.h>

// liburcu's own finding, which it exports but does not declare to its users.
extern "C" int urcu_memb_has_sys_membarrier;

namespace uvoy {

TEST_CASE("what is said of membarrier is what liburcu goes by") {
    CHECK(rcu::has_membarrier() == (urcu_memb_has_sys_membarrier != 0));
}

}  // namespace uvoy
