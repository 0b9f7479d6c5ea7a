#pragma once

#include <random>

namespace chatear {

/// What delays are drawn from, one for each thread. Seeded by the machine once, since asking it for
/// randomness was a twelfth of a worker's time; a simulation seeds it anew. Never for secrets.
std::minstd_rand& random_engine();

}  // namespace chatear
