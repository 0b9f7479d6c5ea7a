#pragma once

#include "deletion/deletion_rows.hpp"
#include "deletion/deletion_sql.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/store_transaction.hpp"
#include "deletion/table_shapes.hpp"
#include "postgres/pool.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::deletion {

/// The channel on which the tables tell of what is due soon (postgres::ChannelListener).
inline constexpr const char* deletions_channel = "chatear_deletions";

/// Deletions over PostgreSQL. The types of the ids are read at the first call. The pool must
/// outlive it; transactions leave one of its connections free, so give it two or more.
class PostgresDeletionStore final : public DeletionStore {
public:
    explicit PostgresDeletionStore(postgres::Pool& pool) : pool_(pool) {}

    asio::awaitable<std::vector<RequestReply>> enter(
        std::vector<Request> requests, std::optional<ClockOffset> offset
    ) override;
    asio::awaitable<TokenState> look_up_token(std::string token_sha256) override;
    asio::awaitable<DayState> day_state() override;
    asio::awaitable<std::vector<MailJob>> due_mails(std::size_t most) override;
    asio::awaitable<std::vector<std::string>> due_executions(std::string after, std::size_t most)
        override;
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override;
    asio::awaitable<std::vector<bool>> apply(std::vector<Change> changes) override;
    asio::awaitable<std::optional<Slot>> take_mail_slot(
        std::string user_id, std::string holder, int limit
    ) override;
    asio::awaitable<void> pass_mail_slot(std::string holder, std::string next_holder) override;
    asio::awaitable<void> free_mail_slot(std::string holder) override;
    asio::awaitable<bool> relay_accepted_before(Time moment) override;
    asio::awaitable<void> add_token(std::string deletion_id, std::string token_sha256) override;
    asio::awaitable<std::size_t> let_go_of_mails() override;
    asio::awaitable<ExecutionAnswer> execute(ExecutionRequest request) override;
    asio::awaitable<bool> hold_for_lost_recovery(
        std::string user_id, std::string token_sha256, std::string reason
    ) override;
    asio::awaitable<DeadLettersSeen> dead_letters_seen() override;
    asio::awaitable<void> set_dead_letters_seen(DeadLettersSeen seen) override;
    asio::awaitable<void> stop_executions(std::string reason) override;
    asio::awaitable<std::optional<AuditHead>> tell_audit_head() override;

    /// The operator looked: executions go on. False = they were not stopped.
    asio::awaitable<bool> resume_executions(std::string reason);

    /// One deletion, or nothing; for the operator's tool.
    asio::awaitable<std::optional<Deletion>> find(std::string deletion_id);

private:
    /// What all statements are built from; made once.
    struct Known {
        explicit Known(TableShapes of) : shapes(std::move(of)), sql(shapes) {}
        const TableShapes shapes;
        const DeletionSql sql;
    };
    asio::awaitable<std::shared_ptr<const Known>> known();

    // Intake.
    struct Entering;
    static asio::awaitable<void> resolve(StoreTransaction& transaction, Entering& batch);
    static asio::awaitable<void> enter_rounds(StoreTransaction& transaction, Entering& batch);
    static asio::awaitable<void> enter_round(
        StoreTransaction& transaction, Entering& batch, const std::vector<std::size_t>& places
    );
    asio::awaitable<void> finish_entering(StoreTransaction& transaction, Entering& batch);

    // Changes.
    static asio::awaitable<std::map<std::string, User>> users(
        StoreTransaction& transaction, const Known& known, std::vector<std::string> ids
    );
    static asio::awaitable<std::vector<std::size_t>> change(
        StoreTransaction& transaction, const Known& known, const std::vector<const Change*>& changes
    );
    static asio::awaitable<void> finish(
        StoreTransaction& transaction, const Known& known, const std::vector<AuditEntry>& audit
    );

    // Execution.
    struct Execution;
    static asio::awaitable<ExecutionAnswer> execute_in(
        StoreTransaction& transaction, Execution& execution
    );
    asio::awaitable<ExecutionAnswer> execute_alone(
        StoreTransaction& transaction, Execution& execution
    );
    static asio::awaitable<bool> keeps_constraints(
        StoreTransaction& transaction, Execution& execution
    );
    static asio::awaitable<ExecutionAnswer> delete_account(
        StoreTransaction& transaction, Execution& execution
    );

    asio::awaitable<std::map<std::string, User>> find_users(std::vector<std::string> ids);
    asio::awaitable<std::map<std::string, MailRecord>> find_mails(std::vector<std::string> ids);
    asio::awaitable<std::optional<Deletion>> find_open(
        std::string user_id, std::string token_sha256, bool& exists
    );

    postgres::Pool& pool_;
    std::shared_ptr<const Known> known_;
    std::pair<std::string, Time> last_due_;  // The last of the latest due_executions().
};

}  // namespace chatear::deletion
