#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/life.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What every `DeletionStore` does, the one over PostgreSQL and the one that the simulation lives
/// on: one suite for both, which each test program instantiates over its own world.
namespace chatear::conformance {

namespace asio = boost::asio;

using namespace deletion;
using namespace std::chrono_literals;

/// The database under a store, as a test fills it and looks into it.
class StoreWorld {
public:
    virtual ~StoreWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    virtual DeletionStore& store() = 0;
    virtual Time now() = 0;  ///< The database's clock.

    // The product's accounts.
    virtual std::string add_user(User user) = 0;  ///< The id is drawn.
    virtual void set_user(User user) = 0;
    virtual void remove_user(const std::string& id) = 0;
    virtual std::optional<User> user(const std::string& id) = 0;
    virtual std::string nobody() = 0;  ///< An id that no user and no deletion has.

    // Rows as other calls, and other programs, leave them.
    virtual std::string add_deletion(Deletion row) = 0;  ///< The id is drawn.
    virtual std::optional<Deletion> deletion(const std::string& id) = 0;
    virtual void set_mail(const std::string& id, MailRecord record) = 0;  ///< In `email_sends`.
    virtual void set_recovery_in_hand(bool stands) = 0;    ///< In the ledger, without a verdict.
    virtual void set_recovery_in_outbox(bool stands) = 0;  ///< To be published.
    virtual void let_days_pass(int days) = 0;              ///< For the slots that are taken.
    /// Who has a slot of the recovery mails, those of earlier days first, then by number.
    virtual std::vector<std::string> mail_slots() = 0;

    virtual std::vector<AuditEntry> log() = 0;        ///< In its order.
    virtual std::vector<std::string> outbox() = 0;    ///< Subjects of what is told, sorted.
    virtual bool resume(const std::string& why) = 0;  ///< The operator: executions go on.
};

using MakeStoreWorld = std::unique_ptr<StoreWorld> (*)();

/// One store over a database of its own, and its calls without coroutines.
class DeletionStoreContract : public testing::TestWithParam<MakeStoreWorld> {
protected:
    DeletionStoreContract();

    StoreWorld& world() { return *world_; }
    DeletionStore& store() { return world_->store(); }
    Time now() { return world_->now(); }

    /// The answer of one call of the store.
    template <typename T>
    T ask(const std::function<asio::awaitable<T>()>& call) {
        std::optional<T> answer;
        const std::function<asio::awaitable<void>()> body = [&]() -> asio::awaitable<void> {
            answer = co_await call();
        };
        world_->run(body);
        return *std::move(answer);
    }

    // Requests, published now unless said otherwise.
    Request deletion_of(const std::string& user_id, const std::string& key = "d1");
    Request recovery_of(const std::string& user_id, const std::string& key = "r1");
    Request recovery_by(const std::string& token, const std::string& key = "p1");

    RequestReply enter(Request request, std::optional<ClockOffset> offset = std::nullopt);
    std::vector<RequestReply> enter_all(std::vector<Request> requests);
    /// Its id.
    std::string new_deletion(const std::string& user_id, const std::string& key = "d1");

    bool apply(Change change);
    ExecutionAnswer execute(const std::string& deletion_id, int limit = 10);
    ExecutionAnswer execute(ExecutionRequest request);
    std::string today();
    void add_token(const std::string& deletion_id, const std::string& token);
    TokenState look_up(const std::string& token);
    std::optional<Slot> take_slot(
        const std::string& holder, int limit = 2, const std::string& user_id = "user-7"
    );
    void pass_slot(const std::string& holder, const std::string& next_holder);
    void free_slot(const std::string& holder);
    DayState day_state();
    void stop(const std::string& reason);
    /// The deletion of a user, or of a token; whether there is such a one.
    bool hold_for_lost_recovery(const std::string& user_id, const std::string& token);
    std::vector<std::string> due_executions(const std::string& after, std::size_t most);
    std::vector<MailJob> due_mails(std::size_t most = 10);

    // Rows.
    std::string user(const std::string& email = "ann@example.test");
    /// Scheduled `ago`, with its mail accepted and proven then; due 24 h later.
    std::string scheduled(const std::string& user_id, std::chrono::seconds ago);
    /// The same, due since just now.
    std::string due(const std::string& user_id) { return scheduled(user_id, 24h); }
    std::string queued(const std::string& user_id, Time next_mail_at);
    MailRecord accepted(Time sent_at, const std::string& recipient = "ann@example.test");
    Deletion row(const std::string& deletion_id);
    void change_address(const std::string& user_id, std::optional<std::string> email);

    /// "deletion.requested deletion.cancelled": what was audited, in order.
    std::string audited();
    /// The same of what is told to others, sorted.
    std::string told();

private:
    std::unique_ptr<StoreWorld> world_;
};

/// A text of the entry's meta; "" where it is not there.
std::string meta(const AuditEntry& entry, std::string_view name);

}  // namespace chatear::conformance
