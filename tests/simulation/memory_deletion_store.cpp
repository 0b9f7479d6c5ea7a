#include "memory_deletion_store.hpp"

#include "base/error.hpp"
#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"

#include <fmt/format.h>

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

RequestFacts MemoryDeletionStore::facts_of(const Request& request) {
    RequestFacts facts;
    const auto entered = database_.requests.find({request.event_id, request.kind});
    if (entered != database_.requests.end()) {
        facts.entered = {entered->second.outcome, entered->second.generation};
    }
    std::string user_id = request.user_id;
    const auto token = database_.tokens.find(request.token_sha256);
    if (token != database_.tokens.end()) {
        facts.of_token = database_.deletions.at(token->second);
        user_id = facts.of_token->user_id;
    }
    facts.user = database_.user(user_id);
    if (const Deletion* open = database_.open_of(user_id)) {
        facts.open = *open;
    }
    for (const auto& [id, row] : database_.deletions) {
        if (row.user_id == user_id && row.status == Status::executed) {
            facts.last_executed = row;
        }
    }
    for (const auto& [key, row] : database_.requests) {
        const bool counts =
            row.kind == RequestKind::recovery && row.user_id == user_id &&
            (row.outcome == RequestOutcome::accepted || row.outcome == RequestOutcome::nothing);
        if (counts) {
            auto& latest =
                row.published_at ? facts.last_recovery_published : facts.last_recovery_received;
            latest = std::max(latest, std::optional(row.published_at.value_or(row.received_at)));
        }
    }
    return facts;
}

RequestReply MemoryDeletionStore::enter_one(
    const Request& request, const std::optional<ClockOffset>& offset
) {
    const RequestFacts facts = facts_of(request);
    RequestDecision decision = decide_request(request, facts, offset, database_.now());
    RequestReply reply;
    reply.reason = decision.reason;
    if (!decision.outcome) {
        reply.outcome = facts.entered->outcome;
        reply.entered_before = true;
        return reply;
    }
    if (decision.create) {
        name_deletion(decision, fmt::format("d{}", ++database_.last_id));
        database_.insert(decision);
        reply.deletion_id = decision.create->id;
    }
    if (decision.change) {
        database_.apply(*decision.change);
        reply.deletion_id = decision.change->before.id;
    }
    database_.write_audit(decision.audit);
    MemoryDatabase::RequestRow row;
    row.kind = request.kind;
    row.user_id = decision.user_id;
    row.generation = request.generation;
    row.published_at = request.published_at;
    row.received_at = database_.now();
    row.outcome = *decision.outcome;
    row.deletion_id = reply.deletion_id;
    database_.requests[{request.event_id, request.kind}] = row;
    reply.outcome = *decision.outcome;
    return reply;
}

asio::awaitable<std::vector<RequestReply>> MemoryDeletionStore::enter(
    std::vector<Request> requests, std::optional<ClockOffset> offset
) {
    begin();
    std::vector<RequestReply> replies;
    for (const Request& request : requests) {
        replies.push_back(enter_one(request, offset));
    }
    commit();
    co_return replies;
}

asio::awaitable<TokenState> MemoryDeletionStore::look_up_token(std::string token_sha256) {
    begin();
    const auto token = database_.tokens.find(token_sha256);
    if (token == database_.tokens.end()) {
        co_return TokenState::unknown;
    }
    switch (database_.deletions.at(token->second).status) {
        case Status::executed:
            co_return TokenState::too_late;
        case Status::cancelled:
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
    if (row.address_changes > 0 && row.mail_number > 2) {
        job.former_record = record_of(row.mail_number - 2);
        job.notice_record = record_of(row.mail_number - 1);
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
    const auto last = database_.deletions.find(after);
    for (const auto& [id, row] : database_.deletions) {
        const bool behind =
            last == database_.deletions.end() ||
            std::tie(row.scheduled_at, id) > std::tie(last->second.scheduled_at, last->first);
        if (row.status == Status::scheduled && *row.scheduled_at <= database_.now() && behind) {
            due.emplace_back(*row.scheduled_at, id);
        }
    }
    std::sort(due.begin(), due.end());
    due.resize(std::min(due.size(), most));
    std::vector<std::string> ids;
    for (auto& [at, id] : due) {
        ids.push_back(std::move(id));
    }
    co_return ids;
}

asio::awaitable<std::optional<std::chrono::milliseconds>> MemoryDeletionStore::until_next_due() {
    begin();
    co_return std::nullopt;
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

asio::awaitable<bool> MemoryDeletionStore::relay_accepted_lately() {
    begin();
    co_return database_.last_other_mail&&* database_.last_other_mail + 1h >= database_.now();
}

asio::awaitable<void> MemoryDeletionStore::add_token(
    std::string deletion_id, std::string token_sha256
) {
    begin();
    database_.tokens[token_sha256] = deletion_id;
    database_.links.push_back(token_sha256);
    commit();
    co_return;
}

asio::awaitable<bool> MemoryDeletionStore::hold_for_lost_recovery(
    std::string user_id, std::string token_sha256, std::string reason
) {
    begin();
    const auto token = database_.tokens.find(token_sha256);
    Deletion* row = token == database_.tokens.end() ? database_.open_of(user_id)
                                                    : &database_.deletions.at(token->second);
    if (row != nullptr && is_open(row->status)) {
        database_.apply(hold(*row, reason));
    }
    commit();
    co_return row != nullptr || database_.users.contains(user_id);
}

asio::awaitable<DeadLettersSeen> MemoryDeletionStore::dead_letters_seen() {
    co_return DeadLettersSeen{};
}

asio::awaitable<void> MemoryDeletionStore::set_dead_letters_seen(DeadLettersSeen /*seen*/) {
    co_return;
}

asio::awaitable<std::size_t> MemoryDeletionStore::let_go_of_mails() {
    co_return 0;
}

asio::awaitable<void> MemoryDeletionStore::stop_executions(std::string reason) {
    begin();
    if (!database_.stopped) {
        database_.stopped = reason;
        AuditEntry entry{"", std::string(audit::executions_stopped)};
        entry.meta["reason"] = reason;
        database_.write_audit({std::move(entry)});
    }
    commit();
    co_return;
}

}  // namespace chatear::simulation
