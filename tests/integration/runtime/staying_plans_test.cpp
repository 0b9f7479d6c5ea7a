// A statement's plan is made once for a session that lasts for days. Made while the tables were
// empty or small, it must still lead to a batch's own rows by an index when they are large.
#include "store_fixture.hpp"

#include <algorithm>

namespace chatear::runtime {
namespace {

constexpr std::size_t batch = 50;
constexpr std::size_t rows_later = 60'000;

/// A batch of events on its way through the stores, step by step.
class Batch {
public:
    Batch(Stores& stores, const LedgerTable& table, const std::string& name)
        : stores_(stores), table_(table) {
        for (std::size_t n = 0; n < batch; ++n) {
            ids_.push_back("event " + std::to_string(1000 + n) + " of " + name);
        }
    }

    asio::awaitable<void> claim_new() { co_await claim(); }

    asio::awaitable<void> claim_again() { co_await claim(); }

    asio::awaitable<void> begin_content() {
        std::vector<Ledger::ContentRequest> requests;
        for (const std::string& id : ids_) {
            requests.push_back({"order.paid", id, 0, 1});
        }
        const std::vector<bool> begun = co_await stores_.ledger.begin_content(std::move(requests));
        EXPECT_EQ(std::count(begun.begin(), begun.end(), true), batch);
    }

    asio::awaitable<void> record_done() { co_await record(LedgerStatus::done, 0, 20); }

    /// Those behind these have no flight: speak_for() says that their content has not begun.
    asio::awaitable<void> record_and_tell() { co_await record(LedgerStatus::done, 45, 47, true); }

    asio::awaitable<void> record_retries() { co_await record(LedgerStatus::retrying, 20, 40); }

    asio::awaitable<void> overtake_retries() { co_await record(LedgerStatus::done, 20, 30); }

    asio::awaitable<void> speak_for() {
        FlightLog log{stores_.identity.instance, "boot", {}, true};
        for (std::size_t n = 40; n < 45; ++n) {
            log.flights.push_back({"order.paid", ids_[n], 0, 1, true, "250 ok", ""});
        }
        co_await stores_.ledger.speak_for(std::move(log));
    }

    asio::awaitable<void> add() {
        std::vector<OutboxRow> rows;
        for (const std::string& id : ids_) {
            rows.push_back(returning("due " + id, 1));
            rows.back().due_at = SystemClock().now() - std::chrono::hours(48);
        }
        co_await stores_.outbox.add(std::move(rows));
    }

    asio::awaitable<void> take() {
        const std::vector<std::string> none_skipped;
        const std::chrono::seconds lease(60);
        taken_ = co_await stores_.outbox.take(batch, lease, none_skipped);
        EXPECT_EQ(taken_.size(), batch);
    }

    asio::awaitable<void> put_back() {
        std::vector<std::string> ids = taken_ids(0, 20);
        const std::chrono::seconds after(3600);
        co_await stores_.outbox.put_back(std::move(ids), after);
    }

    asio::awaitable<void> refuse() {
        std::string id = taken_.at(20).id;
        std::optional<OutboxRow> letter = returning(ids_[20], 1, OutboxKind::dead_letter);
        co_await stores_.outbox.refuse(std::move(id), "too large", std::move(letter));
    }

    asio::awaitable<void> remove() {
        std::vector<std::string> ids = taken_ids(21, batch);
        co_await stores_.outbox.remove(std::move(ids));
    }

    asio::awaitable<void> until_next_due() { (void)co_await stores_.outbox.until_next_due(); }

    asio::awaitable<void> remove_final_rows() {
        (void)co_await stores_.ledger.remove_final_rows(std::chrono::hours(24), batch);
    }

    asio::awaitable<void> suspect() {
        (void)co_await stores_.suspects.begin("order.paid", ids_[0]);
        co_await stores_.registry.remove_old();
        (void)co_await stores_.suspects.begin("order.paid", ids_[1]);
        co_await stores_.suspects.clear("order.paid", ids_[1]);
    }

    asio::awaitable<void> renew() {
        co_await stores_.registry.renew();
        std::vector<std::string> others(1, "somebody else");
        co_await stores_.registry.declare_dead(std::move(others));
    }

private:
    asio::awaitable<void> claim() {
        std::vector<ClaimRequest> requests;
        for (const std::string& id : ids_) {
            requests.push_back(claim_of(id));
        }
        const std::vector<ClaimReply> replies = co_await stores_.ledger.claim(std::move(requests));
        for (const ClaimReply& reply : replies) {
            EXPECT_EQ(word(reply.answer), word(ClaimAnswer::granted));
        }
    }

    asio::awaitable<void> record(
        LedgerStatus status, std::size_t first, std::size_t end, bool told = false
    ) {
        std::vector<VerdictRequest> verdicts;
        for (std::size_t n = first; n < end; ++n) {
            VerdictRequest verdict = verdict_on(ids_[n], status);
            verdict.details.resize(table_.verdict_columns.size());
            if (status == LedgerStatus::retrying) {
                verdict.publish.push_back(returning(ids_[n], 1));
            } else if (told) {
                verdict.publish.push_back(returning(ids_[n], 0, OutboxKind::domain_event));
            }
            verdicts.push_back(std::move(verdict));
        }
        const std::vector<bool> stand = co_await stores_.ledger.record(std::move(verdicts));
        EXPECT_EQ(std::count(stand.begin(), stand.end(), true), end - first);
    }

    std::vector<std::string> taken_ids(std::size_t first, std::size_t end) const {
        std::vector<std::string> ids;
        for (std::size_t n = first; n < end; ++n) {
            ids.push_back(taken_.at(n).id);
        }
        return ids;
    }

    Stores& stores_;
    LedgerTable table_;
    std::vector<std::string> ids_;
    std::vector<TakenRow> taken_;
};

struct Step {
    const char* name;
    asio::awaitable<void> (Batch::*work)();
};
constexpr Step steps[] = {
    {"claim_new", &Batch::claim_new},
    {"claim_again", &Batch::claim_again},
    {"begin_content", &Batch::begin_content},
    {"record_done", &Batch::record_done},
    {"record_and_tell", &Batch::record_and_tell},
    {"record_retries", &Batch::record_retries},
    {"overtake_retries", &Batch::overtake_retries},
    {"speak_for", &Batch::speak_for},
    {"add", &Batch::add},
    {"take", &Batch::take},
    {"put_back", &Batch::put_back},
    {"refuse", &Batch::refuse},
    {"remove", &Batch::remove},
    {"until_next_due", &Batch::until_next_due},
    {"remove_final_rows", &Batch::remove_final_rows},
    {"suspect", &Batch::suspect},
    {"renew", &Batch::renew},
};

struct Case {
    const char* name;
    LedgerTable table;
    std::size_t rows_at_first;
};

void PrintTo(const Case& tested, std::ostream* stream) {
    *stream << tested.name;
}

class StayingPlans : public testing::TestWithParam<Case>, protected StoreDatabase {
protected:
    /// Rows of others in the ledger and the outbox: old final ones, claims, and what is due.
    void fill(std::size_t rows, const std::string& prefix) {
        const LedgerTable& table = GetParam().table;
        const std::string series = " FROM generate_series(1, " + std::to_string(rows) + ") n; ";
        const std::string id = "'" + prefix + "' || n";
        sql("INSERT INTO " + table.name + " (" + (table.has_subject ? "subject, " : "") +
            "event_id, status, claimed_by, claim_no, content_at, updated_at) SELECT " +
            (table.has_subject ? "'order.paid', " : "") + id + ", CASE n % 3 WHEN 0 THEN '" +
            table.done_word + "' WHEN 1 THEN '" + table.working_word + "' ELSE 'retrying' END, " +
            "'another', n, now(), now() - interval '2 days'" + series +
            "INSERT INTO outbox (subject, payload, due_at, origin_subject, event_id, kind, "
            "generation) SELECT 'order.paid', '', now() - n * 7919 % 86400 * interval '1 second', "
            "'order.paid', " +
            id + ", 'event', 1" + series);
    }

    /// Rows and index entries that all sessions have read so far, ours included: told here.
    asio::awaitable<std::size_t> entries_read(Stores& stores) {
        postgres::Params none;
        (void)co_await stores.pool.query("SELECT pg_stat_force_next_flush()", std::move(none));
        co_return std::stoul(
            sql("SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables) + "
                "(SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)")
        );
    }
};

TEST_P(StayingPlans, LeadToABatchsOwnRowsByAnIndex) {
    for (const char* table : {"event_ledger", "email_sends", "outbox", "suspects", "workers"}) {
        sql(std::string("ALTER TABLE ") + table + " SET (autovacuum_enabled = off)");
    }
    fill(GetParam().rows_at_first, "first ");
    sql("ANALYZE");
    Stores& a = process("a", GetParam().table);
    run([&]() -> asio::awaitable<void> {
        for (int round = 0; round < 8; ++round) {
            Batch early(a, GetParam().table, std::to_string(round));
            for (const Step& step : steps) {
                co_await (early.*step.work)();
            }
        }
        fill(rows_later, "later ");
        Batch late(a, GetParam().table, "the last");
        std::size_t before = co_await entries_read(a);
        for (const Step& step : steps) {
            co_await (late.*step.work)();
            const std::size_t now = co_await entries_read(a);
            EXPECT_LT(now - before, batch * 10) << step.name;
            before = now;
        }
    });
}

INSTANTIATE_TEST_SUITE_P(
    Tables,
    StayingPlans,
    testing::Values(
        Case{"LedgerThatWasEmpty", {}, 0},
        Case{"LedgerThatWasSmall", {}, 60},
        Case{"EmailsThatWereNone", email_table(), 0},
        Case{"EmailsThatWereFew", email_table(), 60},
        Case{"EmailsThatWereMany", email_table(), rows_later}
    ),
    [](const auto& tested) { return std::string(tested.param.name); }
);

}  // namespace
}  // namespace chatear::runtime
