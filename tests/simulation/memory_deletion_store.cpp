#include "memory_deletion_store.hpp"

#include "base/error.hpp"
#include "base/utc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace chatear::simulation {
namespace {

using namespace deletion;

}  // namespace

void MemoryDeletionStore::begin() {
    faults_.before_effect();
    if (faults_.crashes && faults_.one_in(500)) {
        throw Unavailable("postgres", "simulated", "not reached");
    }
}

void MemoryDeletionStore::commit() {
    if (faults_.crashes && faults_.one_in(500)) {
        throw Unavailable("postgres", "simulated", "the answer to COMMIT is lost");
    }
    faults_.after_effect();
}

asio::awaitable<TokenState> MemoryDeletionStore::look_up_token(std::string token_sha256) {
    begin();
    const auto token = database_.tokens.find(token_sha256);
    if (token == database_.tokens.end()) {
        co_return TokenState::unknown;
    }
    switch (database_.deletions.at(token->second.deletion_id).status) {
        case Status::executed:
            co_return TokenState::too_late;
        case Status::cancelled:
            co_return token->second.used ? TokenState::used : TokenState::cancelled;
        case Status::failed:
            co_return TokenState::cancelled;
        case Status::queued:
        case Status::scheduled:
        case Status::held:
            break;
    }
    co_return TokenState::usable;
}

asio::awaitable<DayState> MemoryDeletionStore::day_state() {
    begin();
    DayState state;
    state.now = database_.now();
    state.day = utc_day(state.now);
    state.executed = static_cast<int>(database_.execution_slots[state.day].size());
    state.executions_stopped = database_.stopped;
    state.recovery_in_outbox = !database_.outbox.empty();
    co_return state;
}

MailJob MemoryDeletionStore::job_of(const Deletion& row) const {
    const auto record_of = [&](int mail_number) -> std::optional<MailRecord> {
        const auto mail = database_.mails.find(mail_id(row, mail_number));
        return mail == database_.mails.end() ? std::nullopt : std::optional(mail->second.record);
    };
    MailJob job;
    job.deletion = row;
    job.user = database_.user(row.user_id);
    job.record = record_of(row.mail_number);
    if (row.notice_number > 0) {
        job.former_record = record_of(row.notice_number - 1);
        job.notice_record = record_of(row.notice_number);
    }
    return job;
}

asio::awaitable<std::vector<MailJob>> MemoryDeletionStore::due_mails(std::size_t most) {
    begin();
    std::vector<std::pair<Time, std::string>> due;
    for (const auto& [id, row] : database_.deletions) {
        if (row.status == Status::queued && *row.next_mail_at <= database_.now()) {
            due.emplace_back(*row.next_mail_at, id);
        }
    }
    std::sort(due.begin(), due.end());
    due.resize(std::min(due.size(), most));
    std::vector<MailJob> jobs;
    for (const auto& [at, id] : due) {
        jobs.push_back(job_of(database_.deletions.at(id)));
    }
    co_return jobs;
}

asio::awaitable<std::vector<std::string>> MemoryDeletionStore::due_executions(
    std::string after, std::size_t most
) {
    begin();
    std::vector<std::pair<Time, std::string>> due;
    // What stands behind it is where it stood when it was given out: its row may have changed.
    const bool goes_on = !after.empty() && after == last_due_.first;
    for (const auto& [id, row] : database_.deletions) {
        const bool behind =
            !goes_on || std::tie(*row.scheduled_at, id) > std::tie(last_due_.second, after);
        if (row.status == Status::scheduled && *row.scheduled_at <= database_.now() && behind) {
            due.emplace_back(*row.scheduled_at, id);
        }
    }
    std::sort(due.begin(), due.end());
    due.resize(std::min(due.size(), most));
    std::vector<std::string> ids;
    for (auto& [at, id] : due) {
        last_due_ = {id, at};
        ids.push_back(std::move(id));
    }
    co_return ids;
}

asio::awaitable<std::optional<std::chrono::milliseconds>> MemoryDeletionStore::until_next_due() {
    begin();
    std::optional<Time> next;
    for (const auto& [id, row] : database_.deletions) {
        const bool planned = row.status == Status::queued || row.status == Status::scheduled;
        const auto& at = row.status == Status::queued ? row.next_mail_at : row.scheduled_at;
        if (planned && (!next || *at < *next)) {
            next = at;
        }
    }
    if (!next) {
        co_return std::nullopt;
    }
    const Time now = database_.now();
    co_return std::chrono::ceil<std::chrono::milliseconds>(std::max(*next, now) - now);
}

asio::awaitable<std::vector<bool>> MemoryDeletionStore::apply(std::vector<Change> changes) {
    begin();
    std::vector<bool> happened;
    for (const Change& change : changes) {
        happened.push_back(database_.apply(change));
    }
    commit();
    co_return happened;
}

asio::awaitable<bool> MemoryDeletionStore::relay_accepted_before(Time moment) {
    begin();
    const auto within_the_hour = [&](const std::optional<Time>& sent) {
        return sent && *sent > moment - 1h && *sent <= moment;
    };
    bool accepted = within_the_hour(database_.last_other_mail);
    for (const auto& [id, mail] : database_.mails) {
        accepted = accepted || (mail.record.status == runtime::LedgerStatus::done &&
                                within_the_hour(mail.record.sent_at));
    }
    co_return accepted;
}

asio::awaitable<void> MemoryDeletionStore::add_token(
    std::string deletion_id, std::string token_sha256
) {
    begin();
    if (database_.tokens.try_emplace(token_sha256, MemoryDatabase::Token{deletion_id}).second) {
        database_.links.push_back(token_sha256);
    }
    commit();
    co_return;
}

asio::awaitable<bool> MemoryDeletionStore::hold_for_lost_recovery(
    std::string user_id, std::string token_sha256, std::string reason
) {
    begin();
    const Deletion* row = database_.open_of(user_id);
    if (!token_sha256.empty()) {
        const auto token = database_.tokens.find(token_sha256);
        row = token == database_.tokens.end() ? nullptr
                                              : &database_.deletions.at(token->second.deletion_id);
    }
    const bool noted = row == nullptr || !is_open(row->status) ||
                       row->held_reason.find(reason) != std::string::npos;
    if (!noted) {
        const std::string before = row->held_reason.empty() ? "" : row->held_reason + "; ";
        EXPECT_TRUE(database_.apply(hold(*row, before + reason)));
    }
    commit();
    co_return row != nullptr || (token_sha256.empty() && database_.users.contains(user_id));
}

asio::awaitable<DeadLettersSeen> MemoryDeletionStore::dead_letters_seen() {
    begin();
    co_return database_.dead_letters_seen;
}

asio::awaitable<void> MemoryDeletionStore::set_dead_letters_seen(DeadLettersSeen seen) {
    begin();
    database_.dead_letters_seen = std::move(seen);
    commit();
    co_return;
}

asio::awaitable<std::size_t> MemoryDeletionStore::let_go_of_mails() {
    begin();
    std::size_t gone = 0;
    for (auto& [id, mail] : database_.mails) {
        const auto row = database_.deletions.find(id.substr(0, id.rfind('.')));
        const bool ended = row == database_.deletions.end() || !is_open(row->second.status);
        // One that is being sent may still be so.
        if (!mail.kept || !ended || mail.record.status == runtime::LedgerStatus::working) {
            continue;
        }
        const bool waits = mail.record.status == runtime::LedgerStatus::retrying ||
                           mail.record.status == runtime::LedgerStatus::deferred;
        mail.record.status = waits ? runtime::LedgerStatus::failed : mail.record.status;
        mail.kept = false;
        ++gone;
    }
    commit();
    co_return gone;
}

asio::awaitable<void> MemoryDeletionStore::stop_executions(std::string reason) {
    begin();
    database_.stop_executions(reason);
    commit();
    co_return;
}

}  // namespace chatear::simulation
