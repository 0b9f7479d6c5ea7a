#pragma once

#include "base/values.hpp"
#include "nats/declaration.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// How a subject's stream is declared, where the default does not fit.
struct StreamOptions {
    std::string stream{};                 ///< "" = the subject's first word in capitals.
    std::vector<std::string> subjects{};  ///< Of a new stream; empty = the subject alone.
    /// Commit `content_at` before a content begins, and ask a person where it is in doubt (rule
    /// 13).
    bool hold_on_ambiguity = false;
    std::optional<Rate> rate{};  ///< Events that this process takes in a time (rule 21).
};

// What workers declare at their start and what `chatear doctor` compares by; `replicas` is
// NATS_REPLICAS.

/// The durable consumer by which `worker` takes the events of `subject`, and the stream below it.
nats::ConsumerDeclaration declare_consumer(
    std::string_view worker, const std::string& subject, const StreamOptions& options, int replicas
);

/// DEAD_LETTERS: kept until purged.
nats::StreamDeclaration declare_dead_letters(int replicas);

/// EVENTS: what others are told, kept for 7 days. It has what Chatear's own workers tell, whichever
/// of them run, since the first that comes makes it; and `subjects`.
nats::StreamDeclaration declare_told_events(std::vector<std::string> subjects, int replicas);

}  // namespace chatear::runtime
