#include "server/start_error.h"

namespace uvoy::server {

std::string pointer_step(const std::string &name) {
    std::string step;
    for (const char c : name) {
        if (c == '~') {
            step += "~0";
        } else if (c == '/') {
            step += "~1";
        } else {
            step += c;
        }
    }
    return step;
}

}  // namespace uvoy::server
