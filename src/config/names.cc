#include "config/names.h"

namespace uvoy::config {

std::string_view name(Policy policy) {
    switch (policy) {
        case Policy::ring_hash:
            return "ring_hash";
        case Policy::maglev:
            return "maglev";
        case Policy::least_request:
            return "least_request";
        case Policy::peak_ewma:
            return "peak_ewma";
        case Policy::round_robin:
            return "round_robin";
        case Policy::random:
            return "random";
    }
    return "";
}

std::string_view name(KeyPart::Source source) {
    switch (source) {
        case KeyPart::Source::path:
            return "path";
        case KeyPart::Source::host:
            return "host";
        case KeyPart::Source::client_ip:
            return "client_ip";
        case KeyPart::Source::header:
            return "header";
        case KeyPart::Source::query:
            return "query";
        case KeyPart::Source::cookie:
            return "cookie";
        case KeyPart::Source::route:
            return "route";
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
