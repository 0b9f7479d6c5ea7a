#include "base/randomness.hpp"

namespace chatear {

std::minstd_rand& random_engine() {
    thread_local std::minstd_rand engine(std::random_device{}());
    return engine;
}

}  // namespace chatear
