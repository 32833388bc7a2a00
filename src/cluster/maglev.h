#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cluster/rendezvous.h"

namespace uvoy::cluster {

/// Owners of the arcs by Maglev's population (Eisenbud et al., NSDI 2016, section 3.4): members
/// take turns, each the next free arc of a permutation of its own, heavier ones more often.  So
/// each owns its share to within an arc or two, but a change of the members moves a few arcs
/// between those that stay.  Ranks, places in the order of names; at least one candidate.
std::vector<std::uint16_t> maglev_owners(const Rendezvous &rendezvous);

}  // namespace uvoy::cluster
