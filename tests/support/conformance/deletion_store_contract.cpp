#include "support/conformance/deletion_store_contract.hpp"

#include "base/digest.hpp"

namespace chatear::conformance {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) {
        all += (all.empty() ? "" : " ") + word;
    }
    return all;
}

}  // namespace

DeletionStoreContract::DeletionStoreContract() : world_(GetParam()()) {}

Request DeletionStoreContract::deletion_of(const std::string& user_id, const std::string& key) {
    Request request;
    request.kind = RequestKind::deletion;
    request.event_id = key;
    request.published_at = now();
    request.user_id = user_id;
    return request;
}

Request DeletionStoreContract::recovery_of(const std::string& user_id, const std::string& key) {
    Request request = deletion_of(user_id, key);
    request.kind = RequestKind::recovery;
    return request;
}

Request DeletionStoreContract::recovery_by(const std::string& token, const std::string& key) {
    Request request;
    request.kind = RequestKind::recovery;
    request.event_id = key;
    request.token_sha256 = sha256(token);
    request.by_page = true;
    return request;
}

RequestReply DeletionStoreContract::enter(Request request, std::optional<ClockOffset> offset) {
    const std::vector<Request> batch(1, std::move(request));
    return ask<std::vector<RequestReply>>([&] { return store().enter(batch, offset); }).at(0);
}

std::vector<RequestReply> DeletionStoreContract::enter_all(std::vector<Request> requests) {
    return ask<std::vector<RequestReply>>([&] { return store().enter(requests, std::nullopt); });
}

std::string DeletionStoreContract::new_deletion(
    const std::string& user_id, const std::string& key
) {
    const RequestReply reply = enter(deletion_of(user_id, key));
    EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
    return reply.deletion_id;
}

bool DeletionStoreContract::apply(Change change) {
    const std::vector<Change> changes(1, std::move(change));
    return ask<std::vector<bool>>([&] { return store().apply(changes); }).at(0);
}

ExecutionAnswer DeletionStoreContract::execute(const std::string& deletion_id, int limit) {
    ExecutionRequest request;
    request.deletion_id = deletion_id;
    request.day = today();
    request.limit = limit;
    return execute(std::move(request));
}

ExecutionAnswer DeletionStoreContract::execute(ExecutionRequest request) {
    return ask<ExecutionAnswer>([&] { return store().execute(request); });
}

std::string DeletionStoreContract::today() {
    return day_state().day;
}

DayState DeletionStoreContract::day_state() {
    return ask<DayState>([&] { return store().day_state(); });
}

void DeletionStoreContract::add_token(const std::string& deletion_id, const std::string& token) {
    world().run([&] { return store().add_token(deletion_id, sha256(token)); });
}

TokenState DeletionStoreContract::look_up(const std::string& token) {
    return ask<TokenState>([&] { return store().look_up_token(sha256(token)); });
}

std::optional<Slot> DeletionStoreContract::take_slot(
    const std::string& holder, int limit, const std::string& user_id
) {
    return ask<std::optional<Slot>>([&] { return store().take_mail_slot(user_id, holder, limit); });
}

void DeletionStoreContract::pass_slot(const std::string& holder, const std::string& next_holder) {
    world().run([&] { return store().pass_mail_slot(holder, next_holder); });
}

void DeletionStoreContract::free_slot(const std::string& holder) {
    world().run([&] { return store().free_mail_slot(holder); });
}

void DeletionStoreContract::stop(const std::string& reason) {
    world().run([&] { return store().stop_executions(reason); });
}

bool DeletionStoreContract::hold_for_lost_recovery(
    const std::string& user_id, const std::string& token
) {
    const std::string digest = token.empty() ? "" : sha256(token);
    return ask<bool>([&] { return store().hold_for_lost_recovery(user_id, digest, "it is lost"); });
}

std::vector<std::string> DeletionStoreContract::due_executions(
    const std::string& after, std::size_t most
) {
    return ask<std::vector<std::string>>([&] { return store().due_executions(after, most); });
}

std::vector<MailJob> DeletionStoreContract::due_mails(std::size_t most) {
    return ask<std::vector<MailJob>>([&] { return store().due_mails(most); });
}

std::string DeletionStoreContract::user(const std::string& email) {
    User made;
    made.email = email;
    return world().add_user(std::move(made));
}

std::string DeletionStoreContract::scheduled(const std::string& user_id, std::chrono::seconds ago) {
    const Time sent_at = now() - ago;
    const std::string address = world().user(user_id).value().email.value_or("");
    Deletion made;
    made.user_id = user_id;
    made.status = Status::scheduled;
    made.requested_at = sent_at - 1min;
    made.recovery_sent_at = sent_at;
    made.scheduled_at = sent_at + 24h;
    made.mail_attempts = 1;
    made.address_hash = address_hash(address);
    made.id = world().add_deletion(made);
    world().set_mail(mail_id(made, 1), accepted(sent_at, address));
    return made.id;
}

MailRecord DeletionStoreContract::accepted(Time sent_at, const std::string& recipient) {
    MailRecord record;
    record.status = runtime::LedgerStatus::done;
    record.attempts = 1;
    record.sent_at = sent_at;
    record.recipient = recipient;
    return record;
}

std::string DeletionStoreContract::queued(const std::string& user_id, Time next_mail_at) {
    Deletion made;
    made.user_id = user_id;
    made.requested_at = next_mail_at;
    made.next_mail_at = next_mail_at;
    return world().add_deletion(std::move(made));
}

Deletion DeletionStoreContract::row(const std::string& deletion_id) {
    return world().deletion(deletion_id).value();
}

void DeletionStoreContract::change_address(
    const std::string& user_id, std::optional<std::string> email
) {
    User changed = world().user(user_id).value();
    changed.email = std::move(email);
    world().set_user(std::move(changed));
}

std::string DeletionStoreContract::audited() {
    std::vector<std::string> actions;
    for (const AuditEntry& entry : world().log()) {
        actions.push_back(entry.action);
    }
    return joined(actions);
}

std::string DeletionStoreContract::told() {
    return joined(world().outbox());
}

std::string meta(const AuditEntry& entry, std::string_view name) {
    const boost::json::value* value = entry.meta.if_contains(name);
    return value == nullptr ? "" : std::string(value->as_string());
}

}  // namespace chatear::conformance
