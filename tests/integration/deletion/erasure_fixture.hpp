#pragma once

#include "deletion/erasure_pass.hpp"
#include "deletion/postgres_erasure.hpp"
#include "deletion_fixture.hpp"
#include "runtime/metrics.hpp"

#include <string>
#include <utility>
#include <vector>

namespace chatear::deletion {

/// Thirty days, and these columns.
inline ErasureSettings settings_of(std::vector<std::string> columns) {
    ErasureSettings settings;
    settings.after = std::chrono::hours(24 * 30);
    settings.columns = std::move(columns);
    return settings;
}

/// Accounts that were deleted long ago, and their erasure.
class ErasureTest : public DeletionTest {
protected:
    /// An account that was deleted so long ago, and its deletion's id.
    std::string deleted(const std::string& who, const std::string& ago = "31 days") {
        const std::string user_id =
            sql("INSERT INTO users (email, name, is_deleted) VALUES ('" + who +
                "@example.test', '" + who + "', true) RETURNING id");
        return deletion_of_account(user_id, ago);
    }

    std::string deletion_of_account(const std::string& user_id, const std::string& ago) {
        return sql(
            "INSERT INTO user_deletions (user_id, status, mail_number, address_hash, executed_at) "
            "VALUES ('" +
            user_id + "', 'executed', 2, 'hash', now() - interval '" + ago + "') RETURNING id"
        );
    }

    void mail(const std::string& event_id, const std::string& status = "sent") {
        sql("INSERT INTO email_sends (event_id, status, recipient, smtp_reply, error, reason, "
            "message_id, sent_at) VALUES ('" +
            event_id + "', '" + status +
            "', 'ann@example.test', '250 ann', 'ann', 'ann', '<ann>', now())");
    }

    PostgresErasure erasure(std::vector<std::string> columns = {"email", "name"}) {
        if (at_ == nullptr) {
            at_ = &process();
        }
        return PostgresErasure(at_->pool, settings_of(std::move(columns)));
    }

    Erasure erase(
        const std::string& deletion_id,
        PostgresErasure::Mode mode = PostgresErasure::Mode::carry_out
    ) {
        PostgresErasure with = erasure();
        Erasure done;
        run([&]() -> asio::awaitable<void> {
            const Result<void> prepared = co_await with.prepare();
            EXPECT_TRUE(prepared) << prepared.error().message;
            done = co_await with.erase(deletion_id, mode);
        });
        return done;
    }

    std::string mistake(std::vector<std::string> columns) {
        PostgresErasure with = erasure(std::move(columns));
        std::string message;
        run([&]() -> asio::awaitable<void> {
            const Result<void> prepared = co_await with.prepare();
            message = prepared ? "" : prepared.error().message;
        });
        return message;
    }

    /// One round of the scheduler's pass; when it wants the next.
    std::chrono::milliseconds pass() {
        PostgresErasure with = erasure();
        runtime::Metrics metrics;
        Journal journal(metrics);
        const SystemClock clock;
        ClockStop stop(at_->store, journal, clock);
        ErasurePass erasing({with, at_->store, journal, stop});
        std::chrono::milliseconds wait{};
        run([&]() -> asio::awaitable<void> { wait = co_await erasing.run(); });
        return wait;
    }

    std::string everything() {
        return sql(
            "SELECT (SELECT json_agg(u ORDER BY u.id::text) FROM users u)::text || "
            "(SELECT json_agg(d ORDER BY d.id::text) FROM user_deletions d)::text || "
            "(SELECT json_agg(m ORDER BY m.event_id) FROM email_sends m)::text || "
            "(SELECT count(*) FROM action_logs)::text"
        );
    }

    Process* at_ = nullptr;
};

}  // namespace chatear::deletion
