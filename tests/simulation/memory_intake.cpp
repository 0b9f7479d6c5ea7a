#include "memory_deletion_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

/// Intake: rules 1 to 3.
namespace chatear::simulation {
namespace {

using namespace deletion;

bool executed_later(const Deletion& row, const std::optional<Deletion>& than) {
    return row.status == Status::executed && (!than || *row.executed_at > *than->executed_at);
}

}  // namespace

RequestFacts MemoryDeletionStore::facts_of(const Request& request) {
    RequestFacts facts;
    const auto entered = database_.requests.find({request.event_id, request.kind});
    if (entered != database_.requests.end()) {
        facts.entered = {entered->second.outcome, entered->second.generation};
    }
    std::string user_id = request.user_id;
    const auto token = database_.tokens.find(request.token_sha256);
    if (token != database_.tokens.end()) {
        facts.of_token = database_.deletions.at(token->second.deletion_id);
        user_id = facts.of_token->user_id;
    }
    facts.user = database_.user(user_id);
    if (const Deletion* open = database_.open_of(user_id)) {
        facts.open = *open;
    }
    for (const auto& [id, row] : database_.deletions) {
        if (row.user_id == user_id && executed_later(row, facts.last_executed)) {
            facts.last_executed = row;
        }
    }
    for (const auto& [key, row] : database_.requests) {
        const bool counts = row.kind == RequestKind::recovery && row.user_id == user_id &&
                            row.outcome != RequestOutcome::rejected;
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
    reply.locale = facts.user ? facts.user->locale : "";
    if (!decision.outcome) {
        reply.outcome = facts.entered->outcome;
        reply.entered_before = true;
        reply.deletion_id = database_.requests.at({request.event_id, request.kind}).deletion_id;
        return reply;
    }
    if (decision.create) {
        name_deletion(decision, fmt::format("d{}", ++database_.last_id));
        database_.insert(decision);
        reply.deletion_id = decision.create->id;
    }
    if (decision.change) {
        EXPECT_TRUE(database_.apply(*decision.change));
        reply.deletion_id = decision.change->before.id;
        if (!request.token_sha256.empty()) {
            database_.tokens.at(request.token_sha256).used = true;
        }
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

}  // namespace chatear::simulation
