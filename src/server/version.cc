#include "server/version.h"

namespace uvoy::server {

const std::string_view version = UVOY_VERSION;

}  // namespace uvoy::server
