#include "deletion_fixture.hpp"
#include "net/task_group.hpp"

#include <map>

namespace chatear::deletion {
namespace {

class ExecutionStore : public DeletionTest {
protected:
    ExecutionAnswer execute(Process& process, const std::string& id, int limit = 10) {
        const std::string day = today();
        ExecutionAnswer answer = ExecutionAnswer::busy;
        run([&]() -> asio::awaitable<void> {
            answer = co_await execute_one(process.store, id, day, limit);
        });
        return answer;
    }
};

// Rule 8.
TEST_F(ExecutionStore, AccountSlotAuditAndEventStandTogether) {
    Process& a = process();
    const std::string ann = user();
    const std::string id = due_deletion(ann);
    EXPECT_EQ(execute(a, id), ExecutionAnswer::executed);
    EXPECT_EQ(sql("SELECT is_deleted, deleted_at <= now() FROM users"), "t|t");
    EXPECT_EQ(
        sql("SELECT status, executed_at = (SELECT deleted_at FROM users) FROM user_deletions"),
        "executed|t"
    );
    EXPECT_EQ(sql("SELECT kind, subject, slot, holder FROM daily_slots"), "execution||1|" + id);
    EXPECT_EQ(audited(), "deletion.executed");
    EXPECT_EQ(told(), "email.send user.deleted");
    EXPECT_EQ(execute(a, id), ExecutionAnswer::executed_elsewhere);
    EXPECT_EQ(sql("SELECT count(*) FROM daily_slots"), "1");
}

// A soft delete by epoch, or one that follows is_deleted, is the product's own affair.
TEST_F(ExecutionStore, ATimeOfDeletionIsSetWhereItIsOneThatCanBe) {
    struct Shape {
        std::string column, after;
    };
    for (const Shape& shape :
         {Shape{"deleted_at timestamp", "t"},
          Shape{"deleted_at date", "t"},
          Shape{"deleted_at bigint NOT NULL DEFAULT 7", "7"},
          Shape{"deleted_at timestamptz GENERATED ALWAYS AS (NULL) STORED", ""}}) {
        SCOPED_TRACE(shape.column);
        migrate();
        sql("ALTER TABLE users DROP COLUMN IF EXISTS deleted_at, ADD COLUMN " + shape.column);
        const bool is_time = shape.after == "t";
        EXPECT_EQ(execute(process(), due_deletion(user())), ExecutionAnswer::executed);
        EXPECT_EQ(
            sql(is_time ? "SELECT is_deleted, deleted_at::date = (now() AT TIME ZONE 'utc')::date "
                          "FROM users ORDER BY id"
                        : "SELECT is_deleted, deleted_at FROM users"),
            "t|" + shape.after
        );
        sql("DELETE FROM users");
    }
}

TEST_F(ExecutionStore, Rule8ADeferredConstraintOfTheProductsHoldsItsDeletionAlone) {
    Process& a = process();
    sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'never' USING ERRCODE = 'check_violation'; END $$");
    sql("CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW WHEN (NEW.email = 'ann@example.test') EXECUTE FUNCTION refuse()");
    const std::string anns = due_deletion(user());
    const std::string bobs = due_deletion(user("bob@example.test"));
    EXPECT_EQ(execute(a, anns), ExecutionAnswer::changed);
    EXPECT_EQ(sql("SELECT status FROM user_deletions WHERE id::text = '" + anns + "'"), "held");
    EXPECT_EQ(execute(a, bobs), ExecutionAnswer::executed);
}

TEST_F(ExecutionStore, TheScheduledTimeAloneIsNotBelieved) {
    Process& a = process();
    const std::string id = due_deletion(user(), "24 hours");
    sql("UPDATE user_deletions SET recovery_sent_at = now() - interval '23 hours 59 minutes'");
    EXPECT_EQ(execute(a, id), ExecutionAnswer::changed);
    EXPECT_EQ(audited(), "deletion.put_off");
    EXPECT_EQ(execute(a, id), ExecutionAnswer::not_yet);
    EXPECT_EQ(
        execute(a, due_deletion(user("bob@example.test"), "23 hours 59 minutes")),
        ExecutionAnswer::not_yet
    );
    EXPECT_EQ(execute(a, "no id at all"), ExecutionAnswer::not_yet);
    EXPECT_EQ(sql("SELECT count(*) FROM users WHERE is_deleted"), "0");
}

// Rule 11 (c).
TEST_F(ExecutionStore, ARecoveryThatIsBeingWorkedOnStopsExecution) {
    Process& a = process();
    const std::string id = due_deletion(user());
    for (const std::string status : {"working", "retrying", "deferred"}) {
        sql("INSERT INTO event_ledger (subject, event_id, status) VALUES ('user.recover', 'r', '" +
            status + "')");
        EXPECT_EQ(execute(a, id), ExecutionAnswer::pass_over) << status;
        sql("DELETE FROM event_ledger");
    }
    sql("INSERT INTO event_ledger (subject, event_id, status) VALUES ('user.recover', 'r', "
        "'done'), ('user.delete', 'd', 'working')");
    EXPECT_EQ(execute(a, id), ExecutionAnswer::executed);
}

// Rule 9, and the day of rule 8.
TEST_F(ExecutionStore, OverTheLimitAndOnAnotherDayNobodyIsDeleted) {
    Process& a = process();
    const std::string id = due_deletion(user());
    sql("INSERT INTO daily_slots (kind, day, subject, slot, holder) SELECT 'execution', (now() AT "
        "TIME ZONE 'utc')::date, '', n, n "
        "FROM generate_series(1, 10) n WHERE n <> 4");
    ExecutionAnswer answer = ExecutionAnswer::busy;
    run([&]() -> asio::awaitable<void> { answer = co_await execute_one(a.store, id, "2026-01-01"); }
    );
    EXPECT_EQ(answer, ExecutionAnswer::day_over);
    EXPECT_EQ(execute(a, id, 9), ExecutionAnswer::limit_reached);
    EXPECT_EQ(sql("SELECT count(*) FROM users WHERE is_deleted"), "0");
    EXPECT_EQ(execute(a, id, 10), ExecutionAnswer::executed);
    EXPECT_EQ(sql("SELECT slot FROM daily_slots WHERE holder = '" + id + "'"), "4");
}

TEST_F(ExecutionStore, OneThatTheProductsTableRefusesIsHeld) {
    Process& a = process();
    const std::string id = due_deletion(user());
    sql("ALTER TABLE users ADD CONSTRAINT never CHECK (NOT is_deleted)");
    EXPECT_EQ(execute(a, id), ExecutionAnswer::changed);
    EXPECT_EQ(
        sql("SELECT status, held_reason LIKE '%23514, never%' FROM user_deletions"), "held|t"
    );
    EXPECT_EQ(sql("SELECT count(*) FROM daily_slots"), "0");
    const std::string another = due_deletion(user("bob@example.test"));
    sql("ALTER TABLE users DROP CONSTRAINT never; "
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; "
        "END $$; "
        "CREATE TRIGGER no BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no()");
    EXPECT_EQ(execute(a, another), ExecutionAnswer::changed);
    EXPECT_EQ(audited(), "deletion.held deletion.held");
}

TEST_F(ExecutionStore, NeverAnEleventhHoweverManyExecute) {
    std::vector<Process*> all;
    for (int n = 0; n < 3; ++n) {
        all.push_back(&process());
    }
    std::vector<std::string> ids;
    for (int n = 0; n < 14; ++n) {
        ids.push_back(due_deletion(user("u" + std::to_string(n) + "@example.test")));
    }
    const std::string day = today();
    std::map<ExecutionAnswer, int> answers;
    const auto work = [&](Process& one) -> asio::awaitable<void> {
        for (const std::string& id : ids) {
            ExecutionAnswer answer = ExecutionAnswer::busy;
            while (answer == ExecutionAnswer::busy) {
                answer = co_await execute_one(one.store, id, day);
            }
            ++answers[answer];
        }
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        for (Process* one : all) {
            tasks.start("executes", work(*one));
        }
        co_await tasks.join();
    });
    EXPECT_EQ(answers[ExecutionAnswer::executed], 10);
    EXPECT_EQ(answers[ExecutionAnswer::limit_reached], 3 * 4);
    EXPECT_EQ(sql("SELECT count(*) FROM users WHERE is_deleted"), "10");
    EXPECT_EQ(sql("SELECT count(*) FROM outbox WHERE subject = 'user.deleted'"), "10");
    EXPECT_EQ(verified().broken, std::nullopt);
}

}  // namespace
}  // namespace chatear::deletion
