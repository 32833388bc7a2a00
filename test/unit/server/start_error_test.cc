#include "server/start_error.h"

#include <doctest/doctest.h>

using namespace uvoy::server;

TEST_CASE("a name becomes a step of a JSON pointer") {
    CHECK(pointer_step("web") == "web");
    CHECK(pointer_step("a/b~c") == "a~1b~0c");
}

TEST_CASE("an error of the start says where first") {
    CHECK(std::string{StartError{"/admin/address", "taken"}.what()} == "/admin/address: taken");
}
