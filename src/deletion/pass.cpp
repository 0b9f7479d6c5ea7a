#include "deletion/pass.hpp"

#include <algorithm>

namespace chatear::deletion {

using std::chrono::milliseconds;

milliseconds wait_for(std::optional<milliseconds> until_next_due) {
    if (!until_next_due) {
        return Pass::longest_wait;
    }
    if (*until_next_due <= milliseconds(0)) {
        return Pass::shortest_wait;
    }
    return std::min(*until_next_due + milliseconds(1), Pass::longest_wait);
}

}  // namespace chatear::deletion
