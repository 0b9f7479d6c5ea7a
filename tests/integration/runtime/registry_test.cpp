#include "store_fixture.hpp"

namespace chatear::runtime {
namespace {

using Rule7Registry = StoreTest;
using Rule19Registry = StoreTest;

TEST_F(Rule7Registry, ANewConnectionRenewsFirst) {
    process("a");
    EXPECT_EQ(
        sql("SELECT worker, host, renewed_at > now() - interval '5 seconds' FROM workers WHERE "
            "instance = 'a'"),
        "test-worker|host.test|t"
    );
}

TEST_F(Rule7Registry, AGapBetweenRenewalsStartsTheirCountAnew) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        const std::string is_anew =
            "SELECT renewed_since > now() - interval '10 seconds' FROM workers";
        sql("UPDATE workers SET renewed_at = now() - interval '14 seconds', renewed_since = now() "
            "- interval '1 hour'");
        co_await a.registry.renew();
        EXPECT_EQ(sql(is_anew), "f");
        sql("UPDATE workers SET renewed_at = now() - interval '16 seconds'");
        co_await a.registry.renew();
        EXPECT_EQ(sql(is_anew), "t");
    });
}

TEST_F(Rule7Registry, ReleasingStandsWhateverRenewsLater) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await a.suspects.begin("s", "e");
        co_await a.registry.release();
        co_await a.registry.renew();
        EXPECT_EQ(sql("SELECT released_at IS NOT NULL FROM workers"), "t");
        EXPECT_EQ(sql("SELECT count(*) FROM suspects"), "0");
    });
}

TEST_F(Rule7Registry, WhoIsDeclaredDeadButLivesBeginsItsCountAnew) {
    Stores& a = process("a");
    renewing_for("a", "1 hour");
    run([&]() -> asio::awaitable<void> {
        std::vector<std::string> dead = {"a"};
        co_await a.registry.declare_dead(dead);
        EXPECT_EQ(sql("SELECT renewed_at FROM workers"), "-infinity");
        co_await a.registry.renew();
        EXPECT_EQ(sql("SELECT renewed_since > now() - interval '5 seconds' FROM workers"), "t");
    });
}

TEST_F(Rule7Registry, OldRowsGoUnlessTheyHoldAClaim) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        sql("INSERT INTO workers (instance, renewed_at, released_at) VALUES ('dead', now() - "
            "interval '25 hours', NULL), "
            "('ended', now() - interval '25 hours', now() - interval '25 hours'), ('holds', now() "
            "- interval '25 hours', NULL), "
            "('mails', '-infinity', NULL), ('young', now() - interval '23 hours', NULL)");
        sql("INSERT INTO event_ledger (subject, event_id, claimed_by) VALUES ('s', '1', 'holds')");
        sql("INSERT INTO email_sends (event_id, claimed_by) VALUES ('1', 'mails')");
        sql("INSERT INTO event_ledger (subject, event_id, claimed_by, status) VALUES ('s', '2', "
            "'dead', 'done')");
        co_await a.registry.remove_old();
        EXPECT_EQ(
            sql("SELECT string_agg(instance, ',' ORDER BY instance) FROM workers"),
            "a,holds,mails,young"
        );
    });
}

TEST_F(Rule19Registry, ASuspectIsForgottenWhenNobodyWorksOnItAnyMore) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        sql("INSERT INTO suspects (subject, event_id, instance) VALUES ('s', 'held', 'x'), "
            "('s', 'decided', 'x'), ('s', 'gone', 'x'), ('email.send', 'mail', 'x'), "
            "('email.send', 'sent', 'x'), ('s', 'mail', 'x')");
        sql("INSERT INTO event_ledger (subject, event_id, status) VALUES ('s', 'held', 'working'), "
            "('s', 'decided', 'ambiguous'), ('another', 'gone', 'working')");
        sql("INSERT INTO email_sends (event_id, status) VALUES ('mail', 'sending'), "
            "('sent', 'sent')");
        co_await a.registry.remove_old();
        EXPECT_EQ(
            sql("SELECT subject || ' ' || event_id FROM suspects ORDER BY 1"),
            "email.send mail\ns held"
        );
    });
}

}  // namespace
}  // namespace chatear::runtime
