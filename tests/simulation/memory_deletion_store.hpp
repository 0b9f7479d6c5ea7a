#pragma once

#include "deletion/deletion_store.hpp"
#include "fault_plan.hpp"
#include "memory_database.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::simulation {

namespace asio = boost::asio;

/// A process's way to the database: decides by the same pure functions as the one over PostgreSQL.
/// Each call is a transaction; it may fail before or after it has committed.
class MemoryDeletionStore final : public deletion::DeletionStore {
public:
    /// `on_execution` is called with what is about to be executed, before it is.
    using OnExecution = std::function<void(const Deletion&, const User&)>;

    MemoryDeletionStore(MemoryDatabase& database, FaultPlan& faults, OnExecution on_execution)
        : database_(database), faults_(faults), on_execution_(std::move(on_execution)) {}

    asio::awaitable<std::vector<deletion::RequestReply>> enter(
        std::vector<deletion::Request> requests, std::optional<deletion::ClockOffset> offset
    ) override;
    asio::awaitable<deletion::TokenState> look_up_token(std::string token_sha256) override;
    asio::awaitable<deletion::DayState> day_state() override;
    asio::awaitable<std::vector<deletion::MailJob>> due_mails(std::size_t most) override;
    asio::awaitable<std::vector<std::string>> due_executions(std::string after, std::size_t most)
        override;
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override;
    asio::awaitable<std::vector<bool>> apply(std::vector<Change> changes) override;
    asio::awaitable<std::optional<deletion::Slot>> take_mail_slot(
        std::string user_id, std::string holder, int limit
    ) override;
    asio::awaitable<void> pass_mail_slot(std::string holder, std::string next_holder) override;
    asio::awaitable<void> free_mail_slot(std::string holder) override;
    asio::awaitable<bool> relay_accepted_before(Time moment) override;
    asio::awaitable<void> add_token(std::string deletion_id, std::string token_sha256) override;
    asio::awaitable<deletion::ExecutionAnswer> execute(deletion::ExecutionRequest request) override;
    asio::awaitable<bool> hold_for_lost_recovery(
        std::string user_id, std::string token_sha256, std::string reason
    ) override;
    asio::awaitable<deletion::DeadLettersSeen> dead_letters_seen() override;
    asio::awaitable<void> set_dead_letters_seen(deletion::DeadLettersSeen seen) override;
    asio::awaitable<std::size_t> let_go_of_mails() override;
    asio::awaitable<void> stop_executions(std::string reason) override;

private:
    /// The database may be away, before the commit or, with its answer lost, after it.
    void begin();
    void commit();

    deletion::RequestReply enter_one(
        const deletion::Request& request, const std::optional<deletion::ClockOffset>& offset
    );
    deletion::RequestFacts facts_of(const deletion::Request& request);
    deletion::MailJob job_of(const Deletion& row) const;
    bool is_proven(const Deletion& row) const;
    deletion::ExecutionAnswer execute_now(const deletion::ExecutionRequest& request);

    MemoryDatabase& database_;
    FaultPlan& faults_;
    OnExecution on_execution_;
    std::pair<std::string, Time> last_due_;  // The last of the latest due_executions().
};

}  // namespace chatear::simulation
