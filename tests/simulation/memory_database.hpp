#pragma once

#include "deletion/deletion_store.hpp"
#include "runtime/ledger.hpp"
#include "simulated_clock.hpp"
#include "support/memory_mail_slots.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace chatear::simulation {

using deletion::Change;
using deletion::Deletion;
using deletion::User;

/// What PostgreSQL holds, with every change of it checked against the rules: what the store of a
/// process does here is committed at once or not at all.
class MemoryDatabase {
public:
    struct RequestRow {
        deletion::RequestKind kind = deletion::RequestKind::deletion;
        std::string user_id{};
        std::uint32_t generation = 0;
        std::optional<Time> published_at{};
        Time received_at{};
        deletion::RequestOutcome outcome = deletion::RequestOutcome::accepted;
        std::string deletion_id{};
    };
    /// One row of `email_sends`.
    struct MailRow {
        deletion::MailRecord record{};
        std::string content_sha256{};
        std::string claimed_by{};
        std::uint64_t claim_no = 0;
        bool kept = true;  ///< As proof for a deletion.
        bool content_begun = false;
    };
    struct Token {
        std::string deletion_id{};
        bool used = false;
    };
    struct LogRow {
        deletion::AuditEntry entry;
        Time at;
    };
    struct Told {
        std::string subject;
        std::string deletion_id;
    };

    explicit MemoryDatabase(const Clocks& all_clocks) : clocks(all_clocks) {}

    Time now() const { return clocks.database(); }
    Deletion* open_of(const std::string& user_id);
    std::optional<User> user(const std::string& id) const;

    /// Whether it happened; with its audit rows and notices.
    bool apply(const Change& change);
    void insert(const deletion::RequestDecision& decision);
    /// A row of another system, which the tables had before us.
    void adopt(const Deletion& row);
    void write_audit(const std::vector<deletion::AuditEntry>& entries);
    /// A second reason is added to the first; each is audited once.
    void stop_executions(const std::string& reason);
    /// By the operator. False: they were not stopped.
    bool resume_executions(const std::string& reason);
    /// What is told leaves the outbox.
    void publish_notices() { waiting_.clear(); }

    const Clocks& clocks;
    std::map<std::string, User> users;
    std::map<std::string, Deletion> deletions;
    std::map<std::pair<std::string, deletion::RequestKind>, RequestRow> requests;
    std::map<std::string, Token> tokens;
    std::vector<std::string> links;  ///< The tokens in the order of their making.
    std::map<std::string, MailRow> mails;
    test::MemoryMailSlots mail_slots;
    std::map<std::string, std::set<std::string>> execution_slots;  ///< Of a day.
    /// `user.recover` in the ledger, not final: of an event's id the generation.
    std::map<std::string, std::uint32_t> unfinished_recoveries;
    std::deque<deletion::Request> outbox;   ///< Of these, those that wait for another try.
    std::map<std::string, Time> made;       ///< The true time of every deletion.
    std::optional<Time> last_other_mail{};  ///< The relay accepted somebody else's.
    std::optional<std::string> stopped{};
    deletion::DeadLettersSeen dead_letters_seen{};
    std::vector<LogRow> log;
    std::vector<Told> told;
    std::uint64_t last_id = 0;

private:
    void tell(
        std::vector<deletion::Notice> notices,
        const std::string& deletion_id,
        const std::string& user_id
    );
    std::map<std::string, std::string> open_;  ///< Of a user: the partial unique index.
    /// Notices that wait in the outbox, by their deletion and key: each stands there once.
    std::set<std::pair<std::string, std::string>> waiting_;
};

}  // namespace chatear::simulation
