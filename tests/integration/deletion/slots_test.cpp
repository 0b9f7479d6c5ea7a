#include "deletion_fixture.hpp"
#include "net/task_group.hpp"

#include <set>

namespace chatear::deletion {
namespace {

using MailSlots = DeletionTest;

TEST_F(MailSlots, AreNeverMoreThanTheLimitHoweverManyAskAtOnce) {
    std::vector<Process*> all;
    for (int n = 0; n < 4; ++n) {
        all.push_back(&process());
    }
    std::multiset<int> numbers;
    const auto take = [&](Process& one, std::string holder) -> asio::awaitable<void> {
        const std::optional<Slot> slot = co_await one.store.take_mail_slot("u", holder, 5);
        if (slot) {
            numbers.insert(slot->number);
        }
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        for (int n = 0; n < 40; ++n) {
            tasks.start("take", take(*all[static_cast<std::size_t>(n % 4)], std::to_string(n)));
        }
        co_await tasks.join();
    });
    EXPECT_EQ(numbers, (std::multiset<int>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace chatear::deletion
