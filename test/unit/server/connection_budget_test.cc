#include "server/connection_budget.h"

#include <doctest/doctest.h>

using uvoy::server::ConnectionBudget;

TEST_CASE("a budget is used up by all workers together and comes back") {
    ConnectionBudget budget{3};
    CHECK(budget.has_room());
    budget.change(0, 2);  // one worker
    CHECK(budget.has_room());
    budget.change(0, 1);  // another
    CHECK_FALSE(budget.has_room());
    budget.change(2, 1);
    CHECK(budget.has_room());
    CHECK(budget.limit() == 3);
}
