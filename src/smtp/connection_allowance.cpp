#include "smtp/connection_allowance.hpp"

#include <algorithm>

namespace chatear::smtp {

void ConnectionAllowance::on_asked_for_less(std::size_t open) {
    allowed_ = std::max<std::size_t>(1, std::min(open, allowed_) / 2);
    accepted_ = 0;
}

void ConnectionAllowance::limit_to(std::size_t open) {
    allowed_ = std::max<std::size_t>(1, std::min(open, allowed_));
    accepted_ = 0;
}

void ConnectionAllowance::on_accepted() {
    if (allowed_ < most_ && ++accepted_ >= mails_per_step) {
        ++allowed_;
        accepted_ = 0;
    }
}

}  // namespace chatear::smtp
