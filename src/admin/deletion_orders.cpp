#include "admin/deletion_orders.hpp"

#include "base/assert.hpp"
#include "base/utc.hpp"
#include "deletion/life.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "deletion/settings.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace chatear::admin {
namespace {

using deletion::Change;
using deletion::Deletion;

/// Of the setting alone: the others of a worker need not be there.
std::chrono::milliseconds recovery_period(Tool& tool, DeletionOrder order) {
    return order == DeletionOrder::accept ? tool.settings(deletion::read_recovery_period)
                                          : std::chrono::milliseconds(0);
}

std::string sentence_of(const Deletion& after) {
    switch (after.status) {
        case deletion::Status::scheduled:
            return fmt::format(
                "deletion {} is scheduled: due at {}", after.id, format_time(*after.scheduled_at)
            );
        case deletion::Status::queued:
            return fmt::format(
                "deletion {} is queued: its mail {} goes out", after.id, after.mail_number
            );
        case deletion::Status::cancelled:
            return fmt::format("deletion {} is cancelled", after.id);
        case deletion::Status::held:
        case deletion::Status::executed:
        case deletion::Status::failed:
            break;
    }
    CHATEAR_ASSERT(false && "where an order leads to");
    return {};
}

boost::json::object document_of(const Change& change) {
    boost::json::object document{
        {"id", change.after.id},
        {"user_id", change.after.user_id},
        {"was", to_text(change.before.status)},
        {"status", to_text(change.after.status)},
        {"mail_number", change.after.mail_number}};
    if (change.after.status == deletion::Status::scheduled) {
        document["scheduled_at"] = format_time(*change.after.scheduled_at);
    }
    return document;
}

}  // namespace

std::optional<Change> change_for(
    DeletionOrder order,
    const Deletion& deletion,
    Time now,
    std::chrono::milliseconds recovery_period,
    std::string_view reason
) {
    switch (order) {
        case DeletionOrder::cancel:
            if (!is_open(deletion.status)) {
                return std::nullopt;
            }
            return cancel(deletion, deletion::CancelledBy::operator_, now, reason);
        case DeletionOrder::run:
            return release(deletion, now, reason);
        case DeletionOrder::resend:
            return resend(deletion, now, reason);
        case DeletionOrder::accept:
            return accept_mail(deletion, now, recovery_period, reason);
    }
    CHATEAR_ASSERT(false && "an order");
    return std::nullopt;
}

std::string_view allowed_for(DeletionOrder order) {
    switch (order) {
        case DeletionOrder::cancel:
            return "only one that is under way can be cancelled";
        case DeletionOrder::run:
            return "only a held one can be run";
        case DeletionOrder::resend:
            return "only of a held or queued one the mail can be sent again";
        case DeletionOrder::accept:
            return "only of a held one the mail can be vouched for";
    }
    CHATEAR_ASSERT(false && "an order");
    return {};
}

asio::awaitable<ExitCode> carry_out(
    Tool& tool, DeletionOrder order, std::string id, std::string reason
) {
    const std::chrono::milliseconds period = recovery_period(tool, order);
    postgres::Pool* pool = co_await tool.database();
    deletion::PostgresDeletionStore store(*pool);
    const std::optional<Deletion> deletion = co_await store.find(id);
    if (!deletion) {
        throw CommandFailed(ExitCode::failed, "no deletion has the id '" + id + "'");
    }
    const deletion::DayState day = co_await store.day_state();
    const std::optional<Change> change = change_for(order, *deletion, day.now, period, reason);
    if (!change) {
        throw CommandFailed(
            ExitCode::failed,
            fmt::format("it is '{}': {}", to_text(deletion->status), allowed_for(order))
        );
    }
    std::vector<Change> changes(1, *change);
    const std::vector<bool> happened = co_await store.apply(std::move(changes));
    if (!happened.front()) {
        throw CommandFailed(
            ExitCode::failed, "it changed meanwhile, nothing was done: chatear deletions show " + id
        );
    }
    tool.console().result(sentence_of(change->after), document_of(*change));
    co_return ExitCode::ok;
}

asio::awaitable<ExitCode> resume_executions(Tool& tool, std::string reason) {
    postgres::Pool* pool = co_await tool.database();
    deletion::PostgresDeletionStore store(*pool);
    const bool resumed = co_await store.resume_executions(std::move(reason));
    tool.console().result(
        resumed ? "executions go on" : "executions were not stopped", {{"resumed", resumed}}
    );
    co_return ExitCode::ok;
}

}  // namespace chatear::admin
