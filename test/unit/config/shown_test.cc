#include "config/shown.h"

#include "config/document.h"
#include "config/load.h"

#include <doctest/doctest.h>

namespace uvoy::config {

TEST_CASE("a configuration is shown with its references and without its secret") {
    const Document document{R"(// comment
        {
          "hash_seed": "${ENV:SEED}",
          "listeners": {"web": {"address": "127.0.0.1:${ENV:PORT:-3000}"}},
          "clusters": {"hash_seed": {"endpoints": ["127.0.0.1:1"]}}, /* this is a name */
          "access_log": []
        })"};
    REQUIRE(document.root() != nullptr);
    CHECK(shown(*document.root()) == R"json({
  "hash_seed": "(secret)",
  "listeners": {
    "web": {
      "address": "127.0.0.1:${ENV:PORT:-3000}"
    }
  },
  "clusters": {
    "hash_seed": {
      "endpoints": [
        "127.0.0.1:1"
      ]
    }
  },
  "access_log": []
})json");
}

TEST_CASE("every kind of value is shown") {
    const Document document{R"([null, true, false, -3, 1.5, "a\n\"é\u0001", [], {}])"};
    REQUIRE(document.root() != nullptr);
    CHECK(shown(*document.root()) ==
          "[\n  null,\n  true,\n  false,\n  -3,\n  1.5,\n  \"a\\n\\\"é\\u0001\",\n  [],\n  {}\n]");
}

TEST_CASE("a file that has mistakes is not shown") {
    CHECK(load_shown("/nowhere").text.empty());
    CHECK(load_shown("/dev/null").text.empty());
    CHECK(load_shown("/nowhere").loaded.problems.size() == 1);
}

}  // namespace uvoy::config
