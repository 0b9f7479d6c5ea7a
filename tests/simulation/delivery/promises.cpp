// What must hold once a world has come to rest.
#include "runtime/headers.hpp"
#include "world.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace chatear::simulation {

using runtime::LedgerStatus;

namespace {

std::string header_of(const Published& message, std::string_view name) {
    return std::string(nats::find_header(message.headers, name).value_or(""));
}

std::uint64_t copies(const EventHistory& event) {
    return static_cast<std::uint64_t>(std::count_if(
        event.contents.begin(),
        event.contents.end(),
        [](const Content& content) { return content.taken; }
    ));
}

/// Processes died while it ran alone (rule 19).
bool is_blamed(const test::LedgerRows::Row& row) {
    return row.reason.find("crashed while they handled") != std::string::npos;
}

/// By JetStream, when it was to come back. Nobody is told of that end (rule 15).
bool is_refused(const test::LedgerRows::Row& row) {
    return row.reason == "too large";
}

}  // namespace

void World::check_end() {
    std::set<std::string> poisoned, hopeless, unread;
    for (const PlannedEvent& event : events_) {
        const std::string& id = surroundings_.ids.at(event.tag);
        (event.poison ? poisoned : event.hopeless ? hopeless : unread).insert(id);
        if (!event.first.empty()) {
            ++figures_.conflicts;
            check_conflict(event);
        }
    }
    for (const auto& [key, row] : database_.tables.ledger.rows) {
        // Of two contents of one id either may have been first.
        const bool is_hopeless = hopeless.contains(key.second);
        check_event(key.second, is_hopeless, poisoned.contains(key.second));
    }
    for (const PlannedEvent& event : events_) {
        const std::string& id = surroundings_.ids.at(event.tag);
        if (database_.tables.ledger.find("email.send", id) == nullptr) {
            history_.violation(id + " is lost");
        }
    }
    check_copies();
}

void World::check_copies() {
    for (const auto& [id, event] : history_.events()) {
        const std::uint64_t all = copies(event);
        figures_.second_copies += all > 1 ? all - 1 : 0;
    }
    figures_.mails = history_.mails();
    figures_.told_by_recorders = history_.told_of_acceptances();
    if (figures_.second_copies > history_.possible_duplicates()) {
        history_.violation(fmt::format(
            "{} mails are second copies, {} were counted as possible ones",
            figures_.second_copies,
            history_.possible_duplicates()
        ));
    }
}

void World::count_end(const test::LedgerRows::Row& row, bool overtaken) {
    ++figures_.events;
    figures_.sent += row.status == LedgerStatus::done ? 1 : 0;
    figures_.failed += row.status == LedgerStatus::failed ? 1 : 0;
    figures_.held += row.status == LedgerStatus::ambiguous ? 1 : 0;
    figures_.blamed += is_blamed(row) ? 1U : 0U;
    figures_.refused += is_refused(row) ? 1U : 0U;
    figures_.overtaken += overtaken ? 1 : 0;
    figures_.attempts += row.attempts;
    figures_.generations += row.generation;
}

void World::check_event(const std::string& id, bool hopeless, bool poison) {
    const test::LedgerRows::Row& row = *database_.tables.ledger.find("email.send", id);
    EventHistory& event = history_.event(id);
    const std::size_t dead = dead_letters_of(id);
    const bool overtaken =
        std::any_of(event.contents.begin(), event.contents.end(), [&](const Content& content) {
            return content.instance != row.claimed_by;
        });
    if (row.status == LedgerStatus::done) {
        if (copies(event) == 0) {
            history_.violation(id + " stands as sent, and the mail server has no such mail");
        }
        if (dead > 0 && !overtaken) {
            history_.violation(id + " was sent and is a dead letter");
        }
    } else {
        if (dead != 1) {
            history_.violation(fmt::format("{} failed, and has {} dead letters", id, dead));
        }
        if (row.reason.empty()) {
            history_.violation(id + " failed without a reason");
        }
    }
    if (row.status == LedgerStatus::ambiguous && !plan_.hold) {
        history_.violation(id + " is held though nobody asked for that");
    }
    if (poison && row.status != LedgerStatus::failed) {
        history_.violation(id + " kills processes, and is no dead letter");
    }
    const std::size_t told = told_of(id);
    if ((told == 0 && !is_refused(row)) || (told > 1 && !overtaken)) {
        history_.violation(fmt::format("the end of {} was told {} times", id, told));
    }
    count_end(row, overtaken);
    check_attempts(id, row, hopeless || poison);
}

/// Attempts are ends that somebody decided, never outages (rules 11 and 18).
void World::check_attempts(const std::string& id, const test::LedgerRows::Row& row, bool may_fail) {
    const EventHistory& event = history_.event(id);
    const std::uint64_t decided =
        event.refusals + event.contents.size() + event.unavailable / 3 + (may_fail ? 1 : 0);
    const bool blamed = is_blamed(row);
    // `sent` may come after the verdict of who took the event over meanwhile, and wins.
    const bool overruled = row.status == LedgerStatus::done && event.given_up > 0;
    if (row.attempts > plan_.max_attempts + (overruled ? 1 : 0)) {
        history_.violation(fmt::format("{} had {} attempts", id, row.attempts));
    }
    // Where a process died, or was taken for dead, others may have held what it went on to send.
    const bool held = plan_.hold && event.given_up > 0;
    if (row.attempts > decided + (blamed || held ? 1 : 0)) {
        history_.violation(
            fmt::format("{} was charged {} attempts, and met {} ends", id, row.attempts, decided)
        );
    }
    if (blamed && !may_fail && figures_.crashes < 5) {
        history_.violation(id + " is blamed for crashes that did not happen");
    }
    if (row.status == LedgerStatus::failed && !may_fail && !blamed && !is_refused(row) &&
        row.attempts < plan_.max_attempts) {
        history_.violation(id + " failed before its last attempt: " + row.reason);
    }
}

/// The second content of one id is a dead letter of its own (rule 2).
void World::check_conflict(const PlannedEvent& event) {
    const std::string prefix = event.id + ".";
    const auto& all = jetstream_.dead_letters();
    const bool stands = std::any_of(all.begin(), all.end(), [&](const Published& message) {
        return header_of(message, runtime::header::event_id).starts_with(prefix);
    });
    if (!stands) {
        history_.violation(event.tag + ", another content of " + event.id + ", has no dead letter");
    }
}

std::size_t World::dead_letters_of(const std::string& id) const {
    std::set<std::string> rows;
    for (const Published& message : jetstream_.dead_letters()) {
        if (header_of(message, runtime::header::event_id) == id) {
            rows.insert(header_of(message, "Nats-Msg-Id"));
        }
    }
    return rows.size();
}

std::size_t World::told_of(const std::string& id) const {
    std::set<std::string> rows;
    for (const Published& message : jetstream_.told()) {
        if (boost::json::parse(message.payload).at("event_id").as_string() == id) {
            rows.insert(header_of(message, "Nats-Msg-Id"));
        }
    }
    return rows.size();
}

}  // namespace chatear::simulation
