#include "base/utc.hpp"
#include "memory_deletion_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

/// What is limited a day, and execution: rules 6 and 8 to 11.
namespace chatear::simulation {
namespace {

using namespace deletion;

}  // namespace

asio::awaitable<std::optional<Slot>> MemoryDeletionStore::take_mail_slot(
    std::string user_id, std::string holder, int limit
) {
    begin();
    const std::optional<Slot> slot =
        database_.mail_slots.take(user_id, holder, limit, database_.now());
    commit();
    co_return slot;
}

asio::awaitable<void> MemoryDeletionStore::pass_mail_slot(
    std::string holder, std::string next_holder
) {
    begin();
    database_.mail_slots.pass(holder, next_holder, database_.now());
    commit();
    co_return;
}

asio::awaitable<void> MemoryDeletionStore::free_mail_slot(std::string holder) {
    begin();
    database_.mail_slots.free(holder, database_.now());
    commit();
    co_return;
}

/// Rule 10: the ledger's row of that mail, or what the audit log says in its stead.
bool MemoryDeletionStore::is_proven(const Deletion& row) const {
    const auto mail = database_.mails.find(mail_id(row, row.mail_number));
    if (mail != database_.mails.end() &&
        mail->second.record.status == runtime::LedgerStatus::done) {
        return true;
    }
    for (const MemoryDatabase::LogRow& log : database_.log) {
        const bool speaks_for_it = log.entry.action == "deletion.mail_refused" ||
                                   log.entry.action == "deletion.mail_accepted_by_operator";
        if (speaks_for_it && log.entry.meta.at("deletion_id").as_string() == row.id &&
            log.entry.meta.at("mail_number") == row.mail_number) {
            return true;
        }
    }
    return false;
}

ExecutionAnswer MemoryDeletionStore::execute_now(const ExecutionRequest& request) {
    const auto found = database_.deletions.find(request.deletion_id);
    if (found == database_.deletions.end()) {
        return ExecutionAnswer::not_yet;
    }
    const Deletion row = found->second;
    if (row.status == deletion::Status::executed) {
        return ExecutionAnswer::executed_elsewhere;
    }
    ExecutionFacts facts;
    facts.user = database_.user(row.user_id);
    facts.mail_proven = is_proven(row);
    facts.recovery_pending = !database_.unfinished_recoveries.empty() || !database_.outbox.empty();
    if (database_.stopped || facts.recovery_pending) {
        return ExecutionAnswer::pass_over;
    }
    const Time due_by = std::min(database_.now(), request.due_by);
    const ExecutionStep step = before_execution(row, facts, due_by, request.recovery_period);
    if (std::holds_alternative<NotYet>(step)) {
        return ExecutionAnswer::not_yet;
    }
    if (const Change* change = std::get_if<Change>(&step)) {
        EXPECT_TRUE(database_.apply(*change));
        return ExecutionAnswer::changed;
    }
    const std::string day = utc_day(database_.now());
    if (day != request.day) {
        return ExecutionAnswer::day_over;
    }
    auto& slots = database_.execution_slots[day];
    if (static_cast<int>(slots.size()) >= request.limit) {
        return ExecutionAnswer::limit_reached;
    }
    on_execution_(row, *facts.user);
    EXPECT_TRUE(slots.insert(row.id).second);
    EXPECT_TRUE(database_.apply(deletion::execute(row, *facts.user, database_.now())));
    database_.users.at(row.user_id).is_deleted = true;
    return ExecutionAnswer::executed;
}

asio::awaitable<ExecutionAnswer> MemoryDeletionStore::execute(ExecutionRequest request) {
    begin();
    if (faults_.crashes && faults_.one_in(50)) {
        co_return ExecutionAnswer::busy;
    }
    if (faults_.crashes && faults_.one_in(50)) {
        throw ExecutionBlocked("somebody has the account's row");
    }
    const ExecutionAnswer answer = execute_now(request);
    commit();
    co_return answer;
}

}  // namespace chatear::simulation
