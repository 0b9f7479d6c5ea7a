#pragma once

#include "timeline.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace chatear::simulation {

/// A content that began to leave for the mail server.
struct Content {
    enum class End {
        under_way,
        accepted,
        refused,   ///< For now or for good.
        broken,    ///< The connection broke before its end left: surely not delivered.
        in_doubt,  ///< Its end left, and no answer came.
    };

    std::string instance;
    std::string message_id;
    std::uint64_t lapses = 0;  ///< Of its process's lease, when it began.
    End end = End::under_way;
    std::optional<net::Moment> ended_at{};
    bool recorded = false;  ///< A verdict of its process was asked for and answered.
    bool taken = false;     ///< The server has the mail.
    bool settled = false;   ///< Its `done` stood while its process had a valid lease, or a
                            ///< successor has said so.
};

/// What is known of one event, by its id.
struct EventHistory {
    std::vector<Content> contents;
    std::uint64_t refusals = 0;       ///< By the mail server, before a content.
    std::uint64_t given_up = 0;       ///< Verdicts for good but `sent`, which may overrule them.
    std::uint64_t unavailable = 0;    ///< Its handler met Unavailable so often.
    std::set<std::uint64_t> granted;  ///< Attempts that the limits let pass.
};

/// What an onlooker sees who sees everything, and the promises that must hold at each moment.
class History {
public:
    explicit History(Timeline& timeline) : timeline_(timeline) {}

    // Processes and their leases.
    void process_begins(const std::string& instance) { lives_[instance].alive = true; }
    void process_ends(const std::string& instance) { lives_[instance].alive = false; }
    void renewed(const std::string& instance);

    // Contents; `hold`: MAIL_ON_AMBIGUITY. The number tells them apart.
    std::size_t content_begins(
        const std::string& event,
        const std::string& instance,
        const std::string& message_id,
        bool hold
    );
    void content_taken(const std::string& event, std::size_t number);
    void content_ends(const std::string& event, std::size_t number, Content::End end);
    /// The ledger has answered this process's verdict; `done`: that it was sent, and this stands.
    void verdict_answered(const std::string& event, const std::string& instance, bool done);

    /// A successor has told the ledger what the dead process's flight recorder says.
    void told_of_acceptance(const std::string& event, const std::string& instance);
    std::uint64_t told_of_acceptances() const { return told_of_acceptances_; }

    void possible_duplicate() { ++possible_duplicates_; }

    /// A promise is broken; the first one is kept.
    void violation(const std::string& what);
    const std::optional<std::string>& broken() const { return broken_; }

    EventHistory& event(const std::string& id) { return events_[id]; }
    const std::map<std::string, EventHistory>& events() const { return events_; }
    std::uint64_t possible_duplicates() const { return possible_duplicates_; }
    std::uint64_t mails() const { return mails_; }

private:
    struct Life {
        bool alive = false;
        std::uint64_t lapses = 0;
        std::optional<net::Moment> renewed_at;
    };

    /// Rules 7 and 12.
    void check_gate(const std::string& event, const std::string& instance);
    /// Whether its process died since, or could be taken for dead.
    bool lapsed(const Content& content) const;
    std::uint64_t lapses(const std::string& instance) const;

    Timeline& timeline_;
    std::map<std::string, Life> lives_;
    std::map<std::string, EventHistory> events_;
    std::uint64_t possible_duplicates_ = 0;
    std::uint64_t mails_ = 0;
    std::uint64_t told_of_acceptances_ = 0;
    std::optional<std::string> broken_;
};

}  // namespace chatear::simulation
