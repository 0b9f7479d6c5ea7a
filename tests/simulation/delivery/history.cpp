#include "history.hpp"

namespace chatear::simulation {
namespace {

constexpr auto silence = 30s;  // Rule 7: who has not renewed for so long may be taken for dead.

}  // namespace

void History::renewed(const std::string& instance) {
    Life& life = lives_[instance];
    if (life.renewed_at && timeline_.now() - *life.renewed_at > silence) {
        ++life.lapses;
    }
    life.renewed_at = timeline_.now();
}

std::uint64_t History::lapses(const std::string& instance) const {
    const Life& life = lives_.at(instance);
    const bool silent = !life.renewed_at || timeline_.now() - *life.renewed_at > silence;
    return life.lapses + (silent ? 1 : 0);
}

bool History::lapsed(const Content& content) const {
    return !lives_.at(content.instance).alive || lapses(content.instance) != content.lapses;
}

std::size_t History::content_begins(
    const std::string& event, const std::string& instance, const std::string& message_id, bool hold
) {
    EventHistory& known_of = events_[event];
    for (const Content& before : known_of.contents) {
        const bool unanswered = before.end == Content::End::under_way;
        if (before.message_id != message_id) {
            violation("a second copy of " + event + " has another Message-ID");
        }
        if (before.settled) {
            violation(event + " is sent again though it stands as sent");
        }
        if (unanswered && before.instance == instance) {
            violation(event + " is sent twice at once by one process");
        }
        if (unanswered && !lapsed(before)) {
            violation(event + " is sent by two living processes at once");
        }
        if (before.end == Content::End::accepted && !lapsed(before)) {
            violation(event + " is sent again though the answer came");
        }
        const bool known =
            before.end == Content::End::refused || before.end == Content::End::broken;
        if (hold && !known) {
            violation(event + " is sent again though that is a person's decision");
        }
    }
    Content content;
    content.instance = instance;
    content.message_id = message_id;
    content.lapses = lapses(instance);
    known_of.contents.push_back(content);
    return known_of.contents.size() - 1;
}

void History::content_taken(const std::string& event, std::size_t number) {
    events_[event].contents[number].taken = true;
    ++mails_;
}

void History::content_ends(const std::string& event, std::size_t number, Content::End end) {
    events_[event].contents[number].end = end;
}

void History::done_stands(const std::string& event, const std::string& instance) {
    for (Content& content : events_[event].contents) {
        if (content.instance == instance && content.end == Content::End::accepted &&
            !lapsed(content)) {
            content.settled = true;
        }
    }
}

void History::violation(const std::string& what) {
    if (!broken_) {
        broken_ = what;
        timeline_.tell("checker", "BROKEN: " + what);
    }
}

}  // namespace chatear::simulation
