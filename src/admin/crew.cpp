#include "admin/crew.hpp"

namespace chatear::admin {

asio::awaitable<void> Crew::run(std::size_t members, Step step) {
    for (std::size_t i = 0; i < members; ++i) {
        tasks_.start("crew", member(step));
    }
    co_await tasks_.join();
    if (error_) {
        std::rethrow_exception(error_);
    }
}

asio::awaitable<void> Crew::member(const Step& step) {
    try {
        while (!finished_) {
            const bool more = co_await step();
            finished_ = finished_ || !more;
        }
    } catch (...) {
        finished_ = true;
        if (!error_) {
            error_ = std::current_exception();
        }
    }
}

}  // namespace chatear::admin
