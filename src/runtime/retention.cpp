#include "runtime/retention.hpp"

#include "net/timer.hpp"

namespace chatear::runtime {
namespace {

constexpr std::chrono::milliseconds pause{20};

}  // namespace

asio::awaitable<std::size_t> sweep(Ledger& ledger, std::chrono::milliseconds age) {
    std::size_t removed = co_await ledger.remove_final_rows(age, most_rows_a_sweep);
    std::size_t all = removed;
    while (removed == most_rows_a_sweep) {
        co_await net::sleep_for(pause);
        removed = co_await ledger.remove_final_rows(age, most_rows_a_sweep);
        all += removed;
    }
    co_return all;
}

}  // namespace chatear::runtime
