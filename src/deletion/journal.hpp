#pragma once

#include "deletion/change.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/erasure.hpp"
#include "deletion/intake.hpp"
#include "runtime/metrics.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::deletion {

/// A log line and a count for each step of a deletion: `chatear_deletions_total{step}`, where the
/// step is the word of the audit log without "deletion.", or of a request's outcome.
class Journal {
public:
    explicit Journal(runtime::Metrics& metrics) : metrics_(metrics) {}

    void changed(const Change& change);
    void requested(const Request& request, const RequestReply& reply);
    void executed(const std::string& deletion_id, ExecutionAnswer answer);

    /// A due deletion that could not be executed at so many passes, for a reason of its own: said
    /// at the first, and as an error each few minutes.
    void blocked(const std::string& deletion_id, const std::string& why, int passes);
    /// How many were at the last pass.
    void blocked_now(std::size_t count);

    /// What cannot be erased is said each time it was tried; what waits for an e-mail, by this
    /// round for so many, at the first and once a day.
    void erased(const Erasure& erasure, int rounds);

    /// Once a UTC day: the rest waits for the next one.
    void limited(const std::string& day, int limit);

    /// Why nothing is executed; "" = nothing is in the way. Logged when it changes.
    void stopped(const std::string& why);
    /// What this instance measured, where the stop's reason is the same from all of them.
    void clock_gained(std::chrono::seconds gain);

private:
    void count(std::string_view step);

    runtime::Metrics& metrics_;
    std::string limited_day_;
    std::string stopped_why_;
};

}  // namespace chatear::deletion
