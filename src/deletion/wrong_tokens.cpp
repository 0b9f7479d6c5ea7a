#include "deletion/wrong_tokens.hpp"

namespace chatear::deletion {

bool WrongTokens::add(const std::string& client, BootTime now) {
    if (counts_.size() >= most_clients && !counts_.contains(client)) {
        std::erase_if(counts_, [now](const auto& entry) {
            return now - entry.second.since >= period;
        });
        if (counts_.size() >= most_clients) {
            return true;
        }
    }
    Count& count = counts_[client];
    if (count.number == 0 || now - count.since >= period) {
        count = {now, 0};
    }
    count.number = count.number > most ? count.number : count.number + 1;
    return count.number > most;
}

}  // namespace chatear::deletion
