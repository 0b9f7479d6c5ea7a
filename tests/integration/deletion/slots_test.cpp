#include "deletion_fixture.hpp"
#include "net/task_group.hpp"

#include <set>

namespace chatear::deletion {
namespace {

using MailSlots = DeletionTest;

// Rule 6.
TEST_F(MailSlots, AreTwoAUserAndDay) {
    Process& a = process();
    const std::string day = today();
    run([&]() -> asio::awaitable<void> {
        const std::optional<Slot> first = co_await a.store.take_mail_slot("u", "x.1.1", 2);
        EXPECT_EQ(first->number, 1);
        EXPECT_EQ(first->day, day);
        EXPECT_EQ(first->taken, 1);
        const std::optional<Slot> second = co_await a.store.take_mail_slot("u", "y.1.1", 2);
        EXPECT_EQ(second->number, 2);
        EXPECT_EQ(second->taken, 2);
        const std::optional<Slot> third = co_await a.store.take_mail_slot("u", "z.1.1", 2);
        EXPECT_EQ(third, std::nullopt);
        const std::optional<Slot> of_another = co_await a.store.take_mail_slot("v", "w.1.1", 2);
        EXPECT_EQ(of_another->number, 1);
    });
}

TEST_F(MailSlots, TakenTwiceByOneHolderAreOne) {
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        (void)co_await a.store.take_mail_slot("u", "x.1.1", 2);
        const std::optional<Slot> again = co_await a.store.take_mail_slot("u", "x.1.1", 2);
        EXPECT_EQ(again->number, 1);
        EXPECT_EQ(again->taken, 1);
    });
    EXPECT_EQ(sql("SELECT count(*) FROM daily_slots"), "1");
}

TEST_F(MailSlots, PassToTheNextTryOrBecomeFree) {
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        (void)co_await a.store.take_mail_slot("u", "x.1.1", 2);
        (void)co_await a.store.take_mail_slot("u", "y.1.1", 2);
        co_await a.store.pass_mail_slot("x.1.1", "x.1.2");
        co_await a.store.pass_mail_slot("x.1.1", "x.1.2");  // Asked again: nothing more happens.
        const std::optional<Slot> passed = co_await a.store.take_mail_slot("u", "x.1.2", 2);
        EXPECT_EQ(passed->number, 1);
        co_await a.store.free_mail_slot("x.1.2");
        const std::optional<Slot> freed = co_await a.store.take_mail_slot("u", "z.1.1", 2);
        EXPECT_EQ(freed->number, 1);
    });
    EXPECT_EQ(sql("SELECT string_agg(holder, ' ' ORDER BY slot) FROM daily_slots"), "z.1.1 y.1.1");
}

TEST_F(MailSlots, OfYesterdayStayYesterdays) {
    Process& a = process();
    sql("INSERT INTO daily_slots (kind, day, subject, slot, holder) SELECT 'recovery_mail', "
        "(now() AT TIME ZONE 'utc')::date - 1, 'u', n, 'x.1.' || n FROM generate_series(1, 2) n");
    run([&]() -> asio::awaitable<void> {
        co_await a.store.pass_mail_slot("x.1.1", "x.1.3");
        const std::optional<Slot> today = co_await a.store.take_mail_slot("u", "x.1.3", 2);
        EXPECT_EQ(today->taken, 1);
    });
    EXPECT_EQ(sql("SELECT count(*) FROM daily_slots WHERE holder = 'x.1.3'"), "2");
}

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
