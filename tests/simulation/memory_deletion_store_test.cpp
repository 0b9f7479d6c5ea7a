// The store that the simulation lives on does what every DeletionStore does.
#include "memory_deletion_store.hpp"

#include "base/utc.hpp"
#include "support/conformance/deletion_store_contract.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace chatear::simulation {
namespace {

/// Nothing fails in it, and its clock stands still.
class MemoryStoreWorld final : public conformance::StoreWorld {
public:
    MemoryStoreWorld() { faults_.crashes = false; }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    deletion::DeletionStore& store() override { return store_; }
    Time now() override { return database_.now(); }

    std::string add_user(User user) override {
        user.id = fmt::format("u{}", ++database_.last_id);
        database_.users.emplace(user.id, user);
        return user.id;
    }
    void set_user(User user) override { database_.users[user.id] = user; }
    void remove_user(const std::string& id) override { database_.users.erase(id); }
    std::optional<User> user(const std::string& id) override { return database_.user(id); }
    std::string nobody() override { return "nobody"; }

    std::string add_deletion(Deletion row) override {
        row.id = fmt::format("a{}", ++database_.last_id);
        database_.adopt(row);
        return row.id;
    }
    std::optional<Deletion> deletion(const std::string& id) override {
        const auto found = database_.deletions.find(id);
        return found == database_.deletions.end() ? std::nullopt : std::optional(found->second);
    }
    void set_mail(const std::string& id, deletion::MailRecord record) override {
        database_.mails[id].record = std::move(record);
    }
    void set_recovery_in_hand(bool stands) override {
        database_.unfinished_recoveries.clear();
        if (stands) {
            database_.unfinished_recoveries["r"] = 0;
        }
    }
    void set_recovery_in_outbox(bool stands) override {
        database_.outbox.clear();
        if (stands) {
            database_.outbox.emplace_back();
        }
    }
    void let_days_pass(int days) override { clocks_.advance(days * 24h); }
    std::vector<std::string> mail_slots() override { return database_.mail_slots.holders(); }

    std::vector<deletion::AuditEntry> log() override {
        std::vector<deletion::AuditEntry> entries;
        for (const MemoryDatabase::LogRow& row : database_.log) {
            entries.push_back(row.entry);
        }
        return entries;
    }
    std::vector<std::string> outbox() override {
        std::vector<std::string> subjects;
        for (const MemoryDatabase::Told& told : database_.told) {
            subjects.push_back(told.subject);
        }
        std::sort(subjects.begin(), subjects.end());
        return subjects;
    }
    bool resume(const std::string& why) override { return database_.resume_executions(why); }

private:
    asio::io_context context_;
    Clocks clocks_{parse_time("2026-11-25T12:00:00Z").value()};
    FaultPlan faults_{0};
    MemoryDatabase database_{clocks_};
    MemoryDeletionStore store_{database_, faults_, [](const Deletion&, const User&) {}};
};

std::unique_ptr<conformance::StoreWorld> make_world() {
    return std::make_unique<MemoryStoreWorld>();
}

}  // namespace
}  // namespace chatear::simulation

namespace chatear::conformance {

INSTANTIATE_TEST_SUITE_P(InMemory, DeletionStoreContract, testing::Values(&simulation::make_world));

}  // namespace chatear::conformance
