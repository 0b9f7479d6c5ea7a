#include "runtime/streams.hpp"

#include "runtime/verdict.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string_view>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::chrono::hours events_max_age{7 * 24};
constexpr std::array<std::string_view, 5> chatears_own{
    "email.sent", "email.failed", "user.deletion.>", "user.deleted", "audit.head"};

bool is_covered(const std::vector<std::string>& patterns, const std::string& subject) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return nats::subject_covers(pattern, subject);
    });
}

/// "greeting.send" -> "GREETING"
std::string default_stream(const std::string& subject) {
    std::string name = subject.substr(0, subject.find('.'));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return name;
}

/// "notification-worker-email-send": dots may not stand in a consumer's name.
std::string durable_name(std::string_view worker, const std::string& subject) {
    std::string name = std::string(worker) + "-" + subject;
    std::replace(name.begin(), name.end(), '.', '-');
    return name;
}

}  // namespace

nats::ConsumerDeclaration declare_consumer(
    std::string_view worker, const std::string& subject, const StreamOptions& options, int replicas
) {
    nats::ConsumerDeclaration declaration;
    declaration.stream.name = options.stream.empty() ? default_stream(subject) : options.stream;
    declaration.stream.subjects = options.subjects;
    if (declaration.stream.subjects.empty()) {
        declaration.stream.subjects.push_back(subject);
    }
    declaration.stream.replicas = replicas;
    declaration.durable = durable_name(worker, subject);
    declaration.filter_subject = subject;
    return declaration;
}

nats::StreamDeclaration declare_dead_letters(int replicas) {
    nats::StreamDeclaration stream;
    stream.name = "DEAD_LETTERS";
    stream.subjects.push_back(dead_letter_subject(">"));
    stream.retention = nats::Retention::limits;
    stream.replicas = replicas;
    return stream;
}

nats::StreamDeclaration declare_told_events(std::vector<std::string> subjects, int replicas) {
    nats::StreamDeclaration stream;
    stream.name = "EVENTS";
    stream.subjects.assign(chatears_own.begin(), chatears_own.end());
    for (std::string& subject : subjects) {
        if (!is_covered(stream.subjects, subject)) {
            stream.subjects.push_back(std::move(subject));
        }
    }
    stream.retention = nats::Retention::limits;
    stream.max_age = events_max_age;
    stream.replicas = replicas;
    return stream;
}

}  // namespace chatear::runtime
