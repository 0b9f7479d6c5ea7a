#include "net/task_group.hpp"
#include "store_fixture.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>

namespace chatear::runtime {
namespace {

class LedgerRaces : public StoreTest {};

// Claims `ids` in a random order and in batches of a random size, and notes what was granted.
asio::awaitable<void> claim_all(
    Stores& stores, std::vector<std::string> ids, unsigned seed, std::map<std::string, int>& granted
) {
    std::mt19937 random(seed);
    std::shuffle(ids.begin(), ids.end(), random);
    for (std::size_t at = 0; at < ids.size();) {
        const std::size_t end = std::min(ids.size(), at + 1 + random() % 40);
        std::vector<ClaimRequest> batch;
        for (std::size_t n = at; n < end; ++n) {
            batch.push_back(claim_of(ids[n], 0, seed * 100'000 + n));
        }
        const std::vector<ClaimReply> replies = co_await stores.ledger.claim(batch);
        for (std::size_t n = at; n < end; ++n) {
            const ClaimAnswer answer = replies[n - at].answer;
            granted[ids[n]] += answer == ClaimAnswer::granted ? 1 : 0;
            EXPECT_TRUE(answer == ClaimAnswer::granted || answer == ClaimAnswer::held)
                << word(answer);
        }
        at = end;
    }
}

TEST_F(LedgerRaces, Rule6EachKeyIsGrantedToExactlyOneOfManyProcesses) {
    std::vector<Stores*> processes = {
        &process("a", {}, 2), &process("b", {}, 2), &process("c", {}, 2)};
    std::vector<std::string> ids;
    for (int n = 0; n < 2000; ++n) {
        ids.push_back("e" + std::to_string(n));
    }
    std::map<std::string, int> granted;
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        for (unsigned n = 0; n < 6; ++n) {
            tasks.start("claims", claim_all(*processes[n % 3], ids, n + 1, granted));
        }
        co_await tasks.join();
    });
    EXPECT_EQ(granted.size(), ids.size());
    for (const auto& [id, times] : granted) {
        EXPECT_EQ(times, 1) << id;
    }
    EXPECT_EQ(
        sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"), "0"
    );
}

// One step of one process on one of a few events; the model of what must hold is checked at the
// end.
struct Race {
    struct Counts {
        int granted = 0;
        int stood = 0;
    };
    std::map<std::pair<std::string, std::uint32_t>, Counts> of_generation;
    std::uint64_t last_claim_no = 0;
};

asio::awaitable<void> work_at_random(Stores& stores, unsigned seed, int steps, Race& race) {
    std::mt19937 random(seed);
    for (int step = 0; step < steps; ++step) {
        const std::string id = "e" + std::to_string(random() % 5);
        const auto generation = static_cast<std::uint32_t>(random() % 4);
        const std::uint64_t claim_no = ++race.last_claim_no;
        const ClaimReply reply = co_await claim_one(stores, claim_of(id, generation, claim_no));
        if (reply.answer != ClaimAnswer::granted) {
            continue;
        }
        ++race.of_generation[{id, generation}].granted;
        static constexpr std::array statuses = {
            LedgerStatus::retrying, LedgerStatus::deferred, LedgerStatus::failed};
        VerdictRequest verdict =
            verdict_on(id, statuses[random() % statuses.size()], generation, claim_no);
        verdict.counts_attempt = verdict.status == LedgerStatus::retrying;
        const bool comes_back = verdict.status != LedgerStatus::failed;
        verdict.publish.push_back(returning(
            id,
            comes_back ? generation + 1 : generation,
            comes_back ? OutboxKind::event : OutboxKind::dead_letter
        ));
        const bool stands = co_await record_one(stores, verdict);
        race.of_generation[{id, generation}].stood += stands ? 1 : 0;
        const bool again = co_await record_one(stores, verdict);
        EXPECT_TRUE(stands || !again) << "what did not stand cannot come to stand";
    }
}

TEST_F(LedgerRaces, Rule10OfEachGenerationOneVerdictStandsWhateverTheOrder) {
    std::vector<Stores*> processes = {&process("a", {}, 2), &process("b", {}, 2)};
    for (unsigned round = 0; round < 50; ++round) {
        Race race;
        sql("TRUNCATE event_ledger, outbox");
        run([&]() -> asio::awaitable<void> {
            net::TaskGroup tasks(context_.get_executor());
            for (unsigned n = 0; n < 4; ++n) {
                tasks.start("works", work_at_random(*processes[n % 2], round * 4 + n, 10, race));
            }
            co_await tasks.join();
        });
        int stood = 0;
        for (const auto& [key, counts] : race.of_generation) {
            EXPECT_LE(counts.granted, 1) << key.first << " " << key.second;
            EXPECT_LE(counts.stood, counts.granted);
            stood += counts.stood;
        }
        EXPECT_EQ(sql("SELECT count(*) FROM outbox"), std::to_string(stood))
            << "each verdict publishes exactly once";
    }
}

TEST_F(LedgerRaces, Rule7ADeadProcessesClaimIsTakenOverByExactlyOne) {
    Stores& dead = process("dead");
    std::vector<Stores*> processes = {&process("a", {}, 2), &process("b", {}, 2)};
    std::vector<ClaimRequest> claims;
    std::vector<std::string> ids;
    for (int n = 0; n < 500; ++n) {
        ids.push_back("e" + std::to_string(n));
        claims.push_back(claim_of(ids.back(), 0, static_cast<std::uint64_t>(n)));
    }
    std::map<std::string, int> taken;
    const auto take = [](Stores& stores,
                         std::vector<std::string> all,
                         unsigned seed,
                         std::map<std::string, int>& counts) -> asio::awaitable<void> {
        std::mt19937 random(seed);
        std::shuffle(all.begin(), all.end(), random);
        for (std::size_t at = 0; at < all.size(); at += 25) {
            std::vector<ClaimRequest> batch;
            for (std::size_t n = at; n < at + 25; ++n) {
                batch.push_back(claim_of(all[n], 0, seed * 100'000 + n));
            }
            const std::vector<ClaimReply> replies = co_await stores.ledger.claim(batch);
            for (std::size_t n = 0; n < replies.size(); ++n) {
                counts[all[at + n]] += replies[n].answer == ClaimAnswer::taken_over ? 1 : 0;
            }
        }
    };
    run([&]() -> asio::awaitable<void> {
        (void)co_await dead.ledger.claim(claims);
        last_renewed("dead", "31 seconds");
        renewing_for("a", "1 minute");
        renewing_for("b", "1 minute");
        net::TaskGroup tasks(context_.get_executor());
        for (unsigned n = 0; n < 4; ++n) {
            tasks.start("takes", take(*processes[n % 2], ids, n + 1, taken));
        }
        co_await tasks.join();
    });
    for (const std::string& id : ids) {
        EXPECT_EQ(taken[id], 1) << id;
    }
    EXPECT_EQ(sql("SELECT count(*) FROM event_ledger WHERE takeovers = 1"), "500");
}

TEST_F(LedgerRaces, Rule10DoneAndRetryAtOnceEndAsDoneWithNothingWaiting) {
    Stores& a = process("a", {}, 2);
    Stores& b = process("b", {}, 2);
    const auto record_in = [](Stores& stores, VerdictRequest verdict) -> asio::awaitable<void> {
        (void)co_await record_one(stores, verdict);
    };
    run([&]() -> asio::awaitable<void> {
        for (int n = 0; n < 200; ++n) {
            const std::string id = "e" + std::to_string(n);
            (void)co_await claim_one(a, claim_of(id, 0, 1));
            VerdictRequest retry = verdict_on(id, LedgerStatus::retrying, 0, 1);
            retry.publish.push_back(returning(id, 1));
            const VerdictRequest done = verdict_on(id, LedgerStatus::done, 0, 99);
            net::TaskGroup both(context_.get_executor());
            both.start("retry", record_in(a, retry));
            both.start("done", record_in(b, done));
            co_await both.join();
        }
        EXPECT_EQ(sql("SELECT status, count(*) FROM event_ledger GROUP BY status"), "done|200");
        EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "0");
    });
}

}  // namespace
}  // namespace chatear::runtime
