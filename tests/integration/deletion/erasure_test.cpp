// Rule 15: what is personal is blanked after HARD_DELETE_AFTER.
#include "erasure_fixture.hpp"
#include "net/task_group.hpp"

#include <map>

namespace chatear::deletion {
namespace {

TEST_F(ErasureTest, BlanksWhatIsPersonalAndKeepsTheKeys) {
    at_ = &process();
    const std::string id = deleted("ann");
    const std::string bystander = deleted("bob", "1 day");
    for (const char* word : {".1", ".2", ".recovered", ".deleted"}) {
        mail(id + word);
    }
    mail(id + ".3");  // Of nobody that we know.
    mail("welcome-1");
    const Erasure done = erase(id);
    EXPECT_EQ(done.answer, ErasureAnswer::erased);
    EXPECT_EQ(done.mails, 4u);
    EXPECT_EQ(
        sql("SELECT email, name, is_deleted FROM users u JOIN user_deletions d ON d.user_id = u.id "
            "WHERE d.id = '" +
            id + "'"),
        "||t"
    );
    EXPECT_EQ(sql("SELECT email, name FROM users WHERE email IS NOT NULL"), "bob@example.test|bob");
    EXPECT_EQ(
        sql("SELECT substr(event_id, 37), status, sent_at IS NOT NULL FROM email_sends WHERE "
            "recipient IS NULL AND smtp_reply IS NULL AND error IS NULL AND reason IS NULL AND "
            "message_id IS NULL ORDER BY 1"),
        ".1|sent|t\n.2|sent|t\n.deleted|sent|t\n.recovered|sent|t"
    );
    EXPECT_EQ(sql("SELECT count(*) FROM email_sends WHERE recipient = 'ann@example.test'"), "2");
    EXPECT_EQ(
        sql("SELECT status, erased_at IS NOT NULL, address_hash FROM user_deletions ORDER BY "
            "executed_at"),
        "executed|t|\nexecuted|f|hash"
    );
    EXPECT_EQ(audited(), "user.erased");
    EXPECT_EQ(
        sql("SELECT meta ->> 'deletion_id', meta -> 'columns', meta ->> 'mails' FROM action_logs "
            "WHERE action = 'user.erased'"),
        id + "|[\"email\", \"name\"]|4"
    );
    EXPECT_EQ(verified().broken, std::nullopt);
    EXPECT_EQ(erase(bystander).answer, ErasureAnswer::not_yet);
}

TEST_F(ErasureTest, ATwiceErasedAccountIsErasedOnce) {
    at_ = &process();
    const std::string id = deleted("ann");
    mail(id + ".1");
    EXPECT_EQ(erase(id).answer, ErasureAnswer::erased);
    const std::string before = everything();
    EXPECT_EQ(erase(id).answer, ErasureAnswer::not_yet);
    EXPECT_EQ(pass(), std::chrono::hours(1));
    EXPECT_EQ(everything(), before);
    EXPECT_EQ(verified().broken, std::nullopt);
}

TEST_F(ErasureTest, ADryRunSaysWhatWouldGoAndChangesNothing) {
    at_ = &process();
    const std::string id = deleted("ann");
    mail(id + ".1");
    const std::string before = everything();
    const Erasure tried = erase(id, PostgresErasure::Mode::try_out);
    EXPECT_EQ(tried.answer, ErasureAnswer::erased);
    EXPECT_EQ(tried.columns, (std::vector<std::string>{"email", "name"}));
    EXPECT_EQ(tried.mails, 1u);
    EXPECT_EQ(everything(), before);
}

TEST_F(ErasureTest, NothingHappensBeforeTheTime) {
    at_ = &process();
    const std::string early = deleted("ann", "29 days 23 hours 59 minutes");
    const std::string due = deleted("bob", "30 days 1 second");
    const std::string unknown = deleted("eve");
    sql("UPDATE user_deletions SET executed_at = NULL WHERE id = '" + unknown + "'");
    mail(early + ".1");
    EXPECT_EQ(pass(), std::chrono::hours(1));
    EXPECT_EQ(sql("SELECT id FROM user_deletions WHERE erased_at IS NOT NULL"), due);
    EXPECT_EQ(sql("SELECT string_agg(name, ' ' ORDER BY name) FROM users"), "ann eve");
}

TEST_F(ErasureTest, AnAccountInUseIsNotTouched) {
    at_ = &process();
    const std::string given_back = deleted("ann");
    sql("UPDATE users SET is_deleted = false");
    const std::string deleted_again = deleted("bob", "300 days");
    const std::string bob = sql("SELECT id FROM users WHERE name = 'bob'");
    deletion_of_account(bob, "2 days");
    const std::string asked_again = deleted("eve", "300 days");
    sql("INSERT INTO user_deletions (user_id, status) SELECT id, 'held' FROM users WHERE name = "
        "'eve'");
    mail(given_back + ".1");
    const std::string before = everything();
    for (const std::string& id : {given_back, deleted_again, asked_again}) {
        EXPECT_EQ(erase(id).answer, ErasureAnswer::in_use);
    }
    EXPECT_EQ(everything(), before);
}

TEST_F(ErasureTest, AMailOnItsWayIsWaitedFor) {
    at_ = &process();
    const std::string id = deleted("ann");
    mail(id + ".deleted", "retrying");
    mail(id + ".1", "deferred");  // Nobody sends it any more.
    EXPECT_EQ(erase(id).answer, ErasureAnswer::mail_on_way);
    sql("UPDATE email_sends SET status = 'failed' WHERE status = 'retrying'");
    EXPECT_EQ(erase(id).answer, ErasureAnswer::erased);
    EXPECT_EQ(sql("SELECT count(recipient) FROM email_sends"), "0");
}

// As when its row of the outbox was given up: nobody will ever judge it.
TEST_F(ErasureTest, AMailThatNobodyTriesAnyMoreIsWaitedForThirtyDays) {
    at_ = &process();
    for (const std::string status : {"sending", "retrying", "deferred"}) {
        const std::string id = deleted(status, "90 days");
        mail(id + ".deleted", status);
        sql("UPDATE email_sends SET updated_at = now() - interval '29 days 23 hours'");
        EXPECT_EQ(erase(id).answer, ErasureAnswer::mail_on_way) << status;
        sql("UPDATE email_sends SET updated_at = now() - interval '30 days 1 minute'");
        EXPECT_EQ(erase(id).answer, ErasureAnswer::erased) << status;
    }
    EXPECT_EQ(sql("SELECT count(recipient) FROM email_sends"), "0");
}

TEST_F(ErasureTest, EarlierDeletionsOfTheAccountLeaveNothingBehind) {
    at_ = &process();
    const std::string id = deleted("ann");
    const std::string earlier =
        sql("INSERT INTO user_deletions (user_id, status, address_hash) SELECT user_id, "
            "'cancelled', 'hash' FROM user_deletions RETURNING id");
    mail(earlier + ".1");
    mail(earlier + ".recovered");
    EXPECT_EQ(erase(id).mails, 2u);
    EXPECT_EQ(sql("SELECT count(address_hash) FROM user_deletions"), "0");
    EXPECT_EQ(sql("SELECT id FROM user_deletions WHERE erased_at IS NOT NULL"), id);
}

TEST_F(ErasureTest, AnAccountThatTheProductRemovedStillHasItsMailsBlanked) {
    at_ = &process();
    const std::string id = deleted("ann");
    mail(id + ".1");
    sql("DELETE FROM users");
    const Erasure done = erase(id);
    EXPECT_EQ(done.answer, ErasureAnswer::erased);
    EXPECT_FALSE(done.account_there);
    EXPECT_EQ(sql("SELECT count(recipient) FROM email_sends"), "0");
    EXPECT_EQ(verified().broken, std::nullopt);
}

TEST_F(ErasureTest, NothingIsErasedWhileExecutionsAreStopped) {
    at_ = &process();
    const std::string id = deleted("ann");
    mail(id + ".1");
    run([&]() -> asio::awaitable<void> { co_await at_->store.stop_executions("the clock"); });
    const std::string before = everything();
    EXPECT_LT(pass(), std::chrono::minutes(1));
    EXPECT_EQ(erase(id).answer, ErasureAnswer::stopped);
    EXPECT_EQ(everything(), before);
}

// Rule 10: the database's clock gains 100 s on the machine's, which goes back for it here.
TEST_F(ErasureTest, AClockThatWasSetAheadErasesNothing) {
    at_ = &process();
    PostgresErasure with = erasure();
    runtime::Metrics metrics;
    Journal journal(metrics);
    ManualClock machine(SystemClock().now());
    ClockStop stop(at_->store, journal, machine);
    ErasurePass erasing({with, at_->store, journal, stop});
    run([&]() -> asio::awaitable<void> { (void)co_await erasing.run(); });
    mail(deleted("ann") + ".1");
    const std::string before = everything();
    machine.advance(-std::chrono::seconds(100));
    run([&]() -> asio::awaitable<void> { (void)co_await erasing.run(); });
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions WHERE erased_at IS NOT NULL"), "0");
    EXPECT_EQ(audited(), "executions.stopped");
    run([&]() -> asio::awaitable<void> {
        (void)co_await at_->store.resume_executions("looked at");
        (void)co_await erasing.run();
    });
    EXPECT_NE(everything(), before);
    EXPECT_EQ(audited(), "executions.stopped executions.resumed user.erased");
}

// A person has looked at it: what both passes go by must not be stopped for it again.
TEST_F(ErasureTest, Rule10AJumpThatExecutionsStoppedForIsNotFoundAgainByTheErasure) {
    at_ = &process();
    PostgresErasure with = erasure();
    runtime::Metrics metrics;
    Journal journal(metrics);
    ManualClock machine(SystemClock().now());
    ClockStop stop(at_->store, journal, machine);
    ErasurePass erasing({with, at_->store, journal, stop});
    const auto read_clock = [&]() -> asio::awaitable<bool> {
        const DayState day = co_await at_->store.day_state();
        co_return co_await stop.sound(day.now);
    };
    run([&]() -> asio::awaitable<void> { (void)co_await erasing.run(); });
    machine.advance(-std::chrono::seconds(100));
    run([&]() -> asio::awaitable<void> {
        const bool sound = co_await read_clock();  // As the pass of executions does.
        EXPECT_FALSE(sound);
        (void)co_await at_->store.resume_executions("looked at");
        (void)co_await erasing.run();
    });
    EXPECT_EQ(audited(), "executions.stopped executions.resumed");
}

TEST_F(ErasureTest, OneThatTheTableRefusesDoesNotBlockTheOthers) {
    at_ = &process();
    const std::string refused = deleted("ann", "40 days");
    const std::string behind = deleted("bob", "35 days");
    mail(refused + ".1");
    sql("ALTER TABLE users ADD invoiced boolean NOT NULL DEFAULT false; UPDATE users SET invoiced "
        "= "
        "true WHERE name = 'ann'; ALTER TABLE users ADD CONSTRAINT keeps_name CHECK (NOT invoiced "
        "OR "
        "name IS NOT NULL)");
    (void)pass();
    EXPECT_EQ(sql("SELECT id FROM user_deletions WHERE erased_at IS NOT NULL"), behind);
    const Erasure again = erase(refused);
    EXPECT_EQ(again.answer, ErasureAnswer::refused);
    EXPECT_EQ(again.why, "SQLSTATE 23514, keeps_name");
    EXPECT_EQ(sql("SELECT count(recipient) FROM email_sends"), "1");  // All or nothing.
    EXPECT_EQ(audited(), "user.erased");
}

TEST_F(ErasureTest, ManyGoInTheirOrderInOneRound) {
    at_ = &process();
    sql("WITH gone AS (INSERT INTO users (email, name, is_deleted) SELECT n || '@example.test', "
        "'x', "
        "true FROM generate_series(1, 150) n RETURNING id) INSERT INTO user_deletions (user_id, "
        "status, executed_at) SELECT id, 'executed', now() - interval '31 days' FROM gone");
    (void)pass();
    EXPECT_EQ(sql("SELECT count(email), count(name) FROM users"), "0|0");
    EXPECT_EQ(sql("SELECT count(*) FROM action_logs WHERE action = 'user.erased'"), "150");
    EXPECT_EQ(verified().broken, std::nullopt);
}

TEST_F(ErasureTest, SeveralProcessesEraseEachOnce) {
    at_ = &process();
    std::vector<std::string> ids;
    for (int n = 0; n < 20; ++n) {
        ids.push_back(deleted("user" + std::to_string(n)));
    }
    std::vector<Process*> all{at_, &process(), &process()};
    std::map<ErasureAnswer, int> answers;
    const auto work = [&](Process& one) -> asio::awaitable<void> {
        PostgresErasure with(one.pool, settings_of({"email", "name"}));
        const Result<void> prepared = co_await with.prepare();
        EXPECT_TRUE(prepared);
        for (const std::string& id : ids) {
            const Erasure done = co_await with.erase(id, PostgresErasure::Mode::carry_out);
            ++answers[done.answer];
        }
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        for (Process* one : all) {
            tasks.start("erases", work(*one));
        }
        co_await tasks.join();
    });
    EXPECT_EQ(answers[ErasureAnswer::erased], 20);
    EXPECT_EQ(answers[ErasureAnswer::not_yet], 40);
    EXPECT_EQ(sql("SELECT count(*) FROM action_logs WHERE action = 'user.erased'"), "20");
    EXPECT_EQ(verified().broken, std::nullopt);
}

}  // namespace
}  // namespace chatear::deletion
