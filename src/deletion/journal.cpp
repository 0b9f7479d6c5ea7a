#include "deletion/journal.hpp"

#include "base/log.hpp"

#include <vector>

namespace chatear::deletion {
namespace {

const runtime::MetricDeclaration steps{
    .name = "chatear_deletions_total",
    .help = "Steps of account deletions, by what happened.",
    .labels = {"step"}};
const runtime::MetricDeclaration executions_stopped{
    .name = "chatear_deletions_stopped",
    .help = "1 while nothing is executed until a person has looked, else 0."};

const runtime::MetricDeclaration executions_blocked{
    .name = "chatear_deletions_blocked",
    .help =
        "Due deletions whose rows are locked, or whose account's update fails, at the last pass."};

constexpr int passes_of_an_error = 20;  // 5 minutes: they are 15 s apart.
constexpr int rounds_a_day = 24;        // Of erasures.

/// "deletion.mail_accepted" -> "mail_accepted"
std::string_view step_of(std::string_view action) {
    constexpr std::string_view prefix = "deletion.";
    return action.starts_with(prefix) ? action.substr(prefix.size()) : action;
}

}  // namespace

void Journal::changed(const Change& change) {
    for (const AuditEntry& entry : change.audit) {
        count(step_of(entry.action));
        std::vector<log::Field> fields{
            {"step", step_of(entry.action)},
            {"deletion_id", change.before.id},
            {"user_id", change.before.user_id},
            {"status", to_text(change.after.status)}};
        if (change.after.status == Status::held) {
            fields.emplace_back("reason", change.after.held_reason);
            log::warn("a deletion waits for a person", fields);
        } else {
            log::info("a step of a deletion", fields);
        }
    }
}

void Journal::requested(const Request& request, const RequestReply& reply) {
    if (reply.entered_before) {
        return;
    }
    const bool recovery = request.kind == RequestKind::recovery;
    const std::string step =
        std::string(to_text(request.kind)) + "_" + std::string(to_text(reply.outcome));
    count(step);
    log::info(
        recovery ? "a recovery was asked for" : "a deletion was asked for",
        {{"step", step}, {"event_id", request.event_id}, {"deletion_id", reply.deletion_id}}
    );
}

void Journal::executed(const std::string& deletion_id, ExecutionAnswer answer) {
    if (answer == ExecutionAnswer::executed) {
        count("executed");
        log::info("an account was deleted", {{"step", "executed"}, {"deletion_id", deletion_id}});
    } else if (answer == ExecutionAnswer::changed) {
        count("not_executed");
        log::warn(
            "a deletion was due and could not be executed; the audit log says why",
            {{"step", "not_executed"}, {"deletion_id", deletion_id}}
        );
    }
}

void Journal::blocked(const std::string& deletion_id, const std::string& why, int passes) {
    count("blocked");
    const std::vector<log::Field> fields{
        {"step", "blocked"}, {"deletion_id", deletion_id}, {"reason", why}, {"passes", passes}};
    if (passes == 1) {
        log::warn("a due deletion cannot be executed now; those behind it go on", fields);
    } else if (passes % passes_of_an_error == 0) {
        log::error("a due deletion still cannot be executed", fields);
    }
}

void Journal::blocked_now(std::size_t count) {
    metrics_.gauge(executions_blocked).set(static_cast<double>(count));
}

void Journal::erased(const Erasure& erasure, int rounds) {
    const std::vector<log::Field> fields{
        {"deletion_id", erasure.deletion_id}, {"reason", erasure.why}};
    if (erasure.answer == ErasureAnswer::erased) {
        count("erased");
        log::info(
            "a deleted account's personal data was erased",
            {{"step", "erased"}, {"deletion_id", erasure.deletion_id}}
        );
    } else if (erasure.answer == ErasureAnswer::refused) {
        count("not_erased");
        log::error("the tables refuse to have what is personal of an account blanked", fields);
    } else if (erasure.answer == ErasureAnswer::blocked) {
        count("not_erased");
        log::warn("a deleted account cannot be erased now; those behind it go on", fields);
    } else if (erasure.answer == ErasureAnswer::mail_on_way && rounds % rounds_a_day == 1) {
        log::info(
            "a deleted account waits for its last e-mail before it is erased",
            {{"deletion_id", erasure.deletion_id}, {"rounds", rounds}}
        );
    }
}

void Journal::limited(const std::string& day, int limit) {
    if (limited_day_ == day) {
        return;
    }
    limited_day_ = day;
    count("limited");
    log::warn(
        "the day's limit of deletions is reached: the rest go on the next UTC day",
        {{"step", "limited"}, {"day", day}, {"limit", limit}}
    );
}

void Journal::stopped(const std::string& why) {
    metrics_.gauge(executions_stopped).set(why.empty() ? 0 : 1);
    if (stopped_why_ == why) {
        return;
    }
    stopped_why_ = why;
    if (why.empty()) {
        log::info("executions go on");
    } else {
        log::error("no deletion is executed until a person has looked", {{"reason", why}});
    }
}

void Journal::clock_gained(std::chrono::seconds gain) {
    log::error(
        "the database's clock gained on this machine's: no deletion is executed",
        {{"gained_s", gain.count()}}
    );
}

void Journal::count(std::string_view step) {
    const std::vector<std::string> label(1, std::string(step));
    metrics_.counter(steps, label).add();
}

}  // namespace chatear::deletion
