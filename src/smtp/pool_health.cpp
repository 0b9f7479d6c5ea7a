#include "smtp/pool_health.hpp"

#include <utility>

namespace chatear::smtp {

void PoolHealth::on_unavailable(Culprit culprit, std::string why) {
    state_ = culprit == Culprit::sender_or_server ? State::refused : State::down;
    last_error_ = std::move(why);
}

void PoolHealth::on_result(const SendResult& result) {
    switch (result.status) {
        case SendStatus::accepted:
        case SendStatus::try_later:
        case SendStatus::never:
            ++verdicts_;
            refusals_ = 0;
            return;
        case SendStatus::not_sent:
        case SendStatus::in_doubt:
            return;
        case SendStatus::sender_refused:
            break;
    }
    ++refusals_;
    last_error_ = std::string(to_text(result.step)) + ": " + result.reply.one_line();
    if (result.step == Step::mail || refusals_ >= refusals_that_stop) {
        refusals_ = 0;
        state_ = State::refused;
    }
}

}  // namespace chatear::smtp
