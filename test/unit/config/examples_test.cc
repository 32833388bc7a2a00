#include "problems.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace uvoy::config {

TEST_CASE("every configuration that is shipped is valid") {
    std::size_t files = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator{UVOY_ETC}) {
        const bool dashboard = entry.path().string().find("/grafana/") != std::string::npos;
        if (entry.path().extension() != ".json" || dashboard) continue;
        CAPTURE(entry.path().string());
        const Loaded loaded = load(entry.path());
        CAPTURE(joined(lines_of(loaded)));
        CHECK(loaded.config.has_value());
        ++files;
    }
    CHECK(files >= 4);
}

}  // namespace uvoy::config
