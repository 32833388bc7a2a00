#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cluster/membership.h"

namespace uvoy::cluster {

/// Endpoints "e0:80", "e1:80", ... with the given weights.
inline std::vector<std::shared_ptr<Endpoint>> endpoints(const std::vector<std::uint32_t> &weights) {
    std::vector<std::shared_ptr<Endpoint>> result;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::string name = "e" + std::to_string(i) + ":80";
        result.push_back(
            std::make_shared<Endpoint>(Endpoint::Identity{.name = name,
                                                          .address = name,
                                                          .weight = weights[i],
                                                          .index = static_cast<std::uint16_t>(i)}));
    }
    return result;
}

/// Owns the names that ring members refer to.
class Members {
public:
    explicit Members(const std::vector<std::uint32_t> &weights) : endpoints_{endpoints(weights)} {
        for (const auto &endpoint : endpoints_) list_.push_back({endpoint->name, endpoint->weight});
    }

    const std::vector<Member> &list() const { return list_; }

private:
    std::vector<std::shared_ptr<Endpoint>> endpoints_;
    std::vector<Member> list_;
};

inline std::vector<std::uint32_t> equal_weights(std::size_t count) {
    return std::vector<std::uint32_t>(count, 1);
}

}  // namespace uvoy::cluster
