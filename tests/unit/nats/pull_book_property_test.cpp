#include "nats/pull_book.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace chatear::nats {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Moment = PullBook::Moment;

/// A server as far as pulls go, and an owner, both at random.
class Simulation {
public:
    void step() {
        switch (*rc::gen::inRange(0, 7)) {
            case 0:
                set_credit(
                    *rc::gen::inRange<std::size_t>(0, 50), *rc::gen::inRange<std::size_t>(0, 5'000)
                );
                break;
            case 1:
            case 2:
                deliver();
                break;
            case 3:
                end_one();
                break;
            case 4:
                take();
                break;
            case 5:
                now_ += milliseconds(*rc::gen::inRange(1, 40'000));
                book_.expire(now_);
                forget_void();
                break;
            default:
                if (*rc::gen::inRange(0, 10) == 0) {
                    book_.on_restart(now_);
                    open_.clear();
                }
                break;
        }
        ask();
        check();
    }

    /// Everything under way ends, everything is taken: all the credit must be there again.
    void check_that_nothing_is_lost() {
        while (!open_.empty()) {
            end(open_.begin(), 408, "");
        }
        take();
        now_ += seconds(10);
        set_credit(40, 4'000);
        ask();
        RC_ASSERT(book_.messages_requested() >= 1U);
        if (open_.front().bytes != 0 && open_.size() > 1) {
            RC_ASSERT(book_.messages_requested() >= 20U);
        }
    }

private:
    struct Open {
        PullRequest request;
        std::size_t messages;
        std::size_t bytes;  // 0 = no limit.
        Moment void_at;
    };

    void set_credit(std::size_t messages, std::size_t bytes) {
        book_.set_credit(messages, bytes);
        credit_ = messages;
        credit_bytes_ = bytes;
    }

    void ask() {
        const std::vector<PullRequest> requests = book_.take_requests(now_);
        for (const PullRequest& request : requests) {
            RC_ASSERT(request.messages > 0U);
            RC_ASSERT(std::none_of(open_.begin(), open_.end(), [&](const Open& open) {
                return open.request.slot == request.slot;
            }));
            open_.push_back(
                {request, request.messages, request.bytes, now_ + request.expires + seconds(5)}
            );
        }
        if (!requests.empty()) {
            RC_ASSERT(open_messages() + waiting_ <= credit_);
            const bool unlimited = requests.front().bytes == 0;
            const bool within =
                unlimited ? open_messages() == 1 : open_bytes() + waiting_bytes_ <= credit_bytes_;
            RC_ASSERT(within);
        }
    }

    void check() {
        RC_ASSERT(book_.messages_requested() == open_messages());
        RC_ASSERT(book_.messages_waiting() == waiting_);
        RC_ASSERT(book_.bytes_waiting() == waiting_bytes_);
        RC_ASSERT(book_.requests_under_way() == open_.size());
        RC_ASSERT(book_.next_look(now_) >= now_);
    }

    void deliver() {
        if (open_.empty()) {
            return;
        }
        const auto open = pick();
        const std::size_t bytes = *rc::gen::inRange<std::size_t>(1, 700);
        if (open->bytes != 0 && bytes > open->bytes) {
            end(open, 409, "Message Size Exceeds MaxBytes");
            return;
        }
        book_.on_message(open->request.slot, bytes, now_);
        ++waiting_;
        waiting_bytes_ += bytes;
        open->messages -= 1;
        open->bytes -= std::min(open->bytes, bytes);
        if (open->messages == 0) {
            open_.erase(open);
        } else if (open->bytes == 0) {
            end(open, 409, "Batch Completed");  // The server ends it when its bytes are used up.
        }
    }

    void end_one() {
        if (open_.empty()) {
            return;
        }
        const std::vector<std::pair<int, std::string>> ends = {
            {404, "No Messages"},
            {408, "Request Timeout"},
            {409, "Leadership Change"},
            {409, "Exceeded MaxWaiting"},
            {400, "Bad Request"},
            {999, "?"},
        };
        const auto [code, text] = *rc::gen::elementOf(ends);
        end(pick(), code, text);
    }

    void end(std::vector<Open>::iterator open, int code, const std::string& text) {
        book_.on_status(open->request.slot, open->request.number, code, text, now_);
        // A late copy of the same status changes nothing.
        open_.erase(open);
    }

    void take() {
        book_.on_taken(waiting_, waiting_bytes_);
        credit_ -= std::min(credit_, waiting_);
        credit_bytes_ -= std::min(credit_bytes_, waiting_bytes_);
        waiting_ = 0;
        waiting_bytes_ = 0;
    }

    void forget_void() {
        std::erase_if(open_, [&](const Open& open) { return open.void_at <= now_; });
    }

    std::vector<Open>::iterator pick() {
        return open_.begin() +
               *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(open_.size()));
    }

    std::size_t open_messages() const {
        std::size_t sum = 0;
        for (const Open& open : open_) {
            sum += open.messages;
        }
        return sum;
    }

    std::size_t open_bytes() const {
        std::size_t sum = 0;
        for (const Open& open : open_) {
            sum += open.bytes;
        }
        return sum;
    }

    PullBook book_{PullBook::Options()};
    Moment now_ = seconds(1'000);
    std::vector<Open> open_;
    std::size_t credit_ = 0;
    std::size_t credit_bytes_ = 0;
    std::size_t waiting_ = 0;
    std::size_t waiting_bytes_ = 0;
};

RC_GTEST_PROP(PullBook, NeverAsksForMoreThanItsCreditAndNeverLosesAny, ()) {
    Simulation simulation;
    const int steps = *rc::gen::inRange(0, 200);
    for (int i = 0; i < steps; ++i) {
        simulation.step();
    }
    simulation.check_that_nothing_is_lost();
}

}  // namespace
}  // namespace chatear::nats
