#include "history.hpp"

namespace chatear::simulation {
namespace {

constexpr auto silence = 30s;      // Rule 7: who has not renewed for so long may be taken for dead;
constexpr auto fresh = 20s;        // and who knows that it has not for so long begins no content.
constexpr auto longest_wait = 2s;  // Rule 12: of a verdict for its commit.

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
    check_gate(event, instance);
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
    events_[event].contents[number].ended_at = timeline_.now();
}

void History::verdict_answered(const std::string& event, const std::string& instance, bool done) {
    for (Content& content : events_[event].contents) {
        if (content.instance != instance) {
            continue;
        }
        content.recorded = true;
        if (done && content.end == Content::End::accepted && !lapsed(content)) {
            content.settled = true;
        }
    }
}

void History::told_of_acceptance(const std::string& event, const std::string& instance) {
    ++told_of_acceptances_;
    for (Content& content : events_[event].contents) {
        if (content.instance == instance && content.end == Content::End::accepted) {
            content.settled = true;
        }
    }
}

void History::check_gate(const std::string& event, const std::string& instance) {
    const std::optional<net::Moment> renewed_at = lives_.at(instance).renewed_at;
    if (!renewed_at || timeline_.now() - *renewed_at > fresh) {
        violation(event + " begins though its process has not renewed its lease");
    }
    for (const auto& [id, other] : events_) {
        for (const Content& content : other.contents) {
            if (content.instance == instance && !content.recorded && content.ended_at &&
                timeline_.now() - *content.ended_at > longest_wait) {
                violation(event + " begins though the verdict on " + id + " does not stand");
            }
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
