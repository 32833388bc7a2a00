#include "config/names.h"

namespace uvoy::config {

std::string_view name(Policy policy) {
    switch (policy) {
        case Policy::ring_hash:
            return "ring_hash";
        case Policy::least_request:
            return "least_request";
        case Policy::round_robin:
            return "round_robin";
        case Policy::random:
            return "random";
    }
    return "";
}

std::string_view name(HealthCheck::Type type) {
    switch (type) {
        case HealthCheck::Type::http:
            return "http";
        case HealthCheck::Type::tcp:
            return "tcp";
        case HealthCheck::Type::none:
            return "none";
    }
    return "";
}

}  // namespace uvoy::config
