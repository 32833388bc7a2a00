#include "session_world.h"

// The whole core in simulated time: the script (script.h) is what hostile clients and endpoints do.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char *>(data), size};
    uvoy::fuzz::SessionWorld{uvoy::fuzz::Script{text}}.run();
    return 0;
}
