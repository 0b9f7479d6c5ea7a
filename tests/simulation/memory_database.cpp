#include "memory_database.hpp"

#include "deletion/audit_actions.hpp"
#include "deletion/notices.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace chatear::simulation {
namespace {

using deletion::Status;

/// What a person may ask about later has to stand in the audit log.
bool wants_audit(const Deletion& before, const Deletion& after) {
    return before.status != after.status || before.mail_number != after.mail_number ||
           before.mail_attempts != after.mail_attempts ||
           before.recovery_sent_at != after.recovery_sent_at ||
           before.scheduled_at != after.scheduled_at ||
           before.address_changes != after.address_changes ||
           before.held_reason != after.held_reason;
}

/// What every row looks like in its state.
void check_row(const Deletion& row) {
    EXPECT_EQ(row.next_mail_at.has_value(), row.status == Status::queued) << row.id;
    EXPECT_EQ(row.executed_at.has_value(), row.status == Status::executed) << row.id;
    EXPECT_EQ(row.cancelled_at.has_value(), row.status == Status::cancelled) << row.id;
    EXPECT_EQ(row.held_from.has_value(), row.status == Status::held) << row.id;
    EXPECT_EQ(!row.held_reason.empty(), row.status == Status::held) << row.id;
    if (row.status == Status::scheduled || row.status == Status::executed) {
        ASSERT_TRUE(row.recovery_sent_at && row.scheduled_at) << row.id;
        EXPECT_GE(*row.scheduled_at, *row.recovery_sent_at + 24h) << row.id;
    }
}

}  // namespace

Deletion* MemoryDatabase::open_of(const std::string& user_id) {
    const auto open = open_.find(user_id);
    return open == open_.end() ? nullptr : &deletions.at(open->second);
}

std::optional<User> MemoryDatabase::user(const std::string& id) const {
    const auto found = users.find(id);
    return found == users.end() ? std::nullopt : std::optional(found->second);
}

bool MemoryDatabase::apply(const Change& change) {
    const auto found = deletions.find(change.before.id);
    if (found == deletions.end()) {
        return false;
    }
    Deletion& row = found->second;
    if (row.status != change.before.status || row.mail_number != change.before.mail_number ||
        row.mail_attempts != change.before.mail_attempts ||
        row.times_held != change.before.times_held) {
        return false;
    }
    EXPECT_TRUE(deletion::is_open(row.status)) << row.id << ": what has ended never changes";
    EXPECT_FALSE(wants_audit(row, change.after) && change.audit.empty()) << row.id;
    check_row(change.after);
    row = change.after;
    if (!deletion::is_open(row.status)) {
        open_.erase(row.user_id);
    }
    write_audit(change.audit);
    for (const deletion::AuditEntry& entry : change.audit) {
        EXPECT_EQ(entry.meta.at("deletion_id").as_string(), row.id);
    }
    tell(change.notices, row.id, row.user_id);
    return true;
}

void MemoryDatabase::insert(const deletion::RequestDecision& decision) {
    adopt(*decision.create);
    tell(decision.notices, decision.create->id, decision.create->user_id);
}

void MemoryDatabase::adopt(const Deletion& row) {
    EXPECT_TRUE(open_.emplace(row.user_id, row.id).second) << "two open deletions of a user";
    EXPECT_TRUE(deletions.emplace(row.id, row).second);
    made[row.id] = clocks.true_time();
    check_row(row);
}

void MemoryDatabase::write_audit(const std::vector<deletion::AuditEntry>& entries) {
    for (const deletion::AuditEntry& entry : entries) {
        log.push_back({entry, now()});
    }
}

void MemoryDatabase::stop_executions(const std::string& reason) {
    if (stopped && stopped->find(reason) != std::string::npos) {
        return;
    }
    stopped = stopped ? *stopped + "; " + reason : reason;
    deletion::AuditEntry entry{"", std::string(deletion::audit::executions_stopped)};
    entry.meta["reason"] = reason;
    write_audit({std::move(entry)});
}

bool MemoryDatabase::resume_executions(const std::string& reason) {
    if (!stopped) {
        return false;
    }
    deletion::AuditEntry entry{"", std::string(deletion::audit::executions_resumed)};
    entry.meta["reason"] = reason;
    entry.meta["stopped_for"] = *stopped;
    stopped.reset();
    write_audit({std::move(entry)});
    return true;
}

void MemoryDatabase::tell(
    std::vector<deletion::Notice> notices,
    const std::string& deletion_id,
    const std::string& user_id
) {
    for (const deletion::Notice& notice :
         finish_notices(std::move(notices), deletion_id, user(user_id))) {
        if (waiting_.emplace(deletion_id, notice.key).second) {
            told.push_back({notice.subject, deletion_id});
        }
    }
}

}  // namespace chatear::simulation
