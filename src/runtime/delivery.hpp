#pragma once

#include "runtime/judge.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::runtime {

/// What a handler is told of the event it handles, and what it can ask while it does. Cheap to
/// copy; keep it no longer than the handler runs.
class Delivery {
public:
    /// Made by the consumer. `judge` outlives every delivery of it.
    struct State {
        State(std::shared_ptr<const Event> of, Claim held, Judge& by)
            : event(std::move(of)), claim(std::move(held)), judge(by) {}

        std::shared_ptr<const Event> event;
        Claim claim;
        Judge& judge;
        bool content_begun = false;       // Of `contents`, one may have left.
        bool content_unanswered = false;  // The last one.
        int contents = 0;                 // Begun, but for those that surely did not happen.
        std::vector<std::pair<std::string, std::string>> notes{};
        std::vector<std::pair<std::string, std::string>> log_fields{};
    };
    explicit Delivery(std::shared_ptr<State> state) : state_(std::move(state)) {}

    const std::string& event_id() const { return state_->event->event_id; }
    const std::string& subject() const { return state_->event->message.subject; }
    const Headers& headers() const { return state_->event->message.headers; }

    /// Passes through the outbox (retries, deferrals, replays).
    std::uint32_t generation() const { return state_->event->generation; }

    /// 1 for the first; counts verdicts, so a deploy or an outage costs none.
    std::uint32_t attempt() const { return state_->claim.reply.attempts + 1; }

    /// When JetStream first stored the event, before any retry.
    Time published_at() const { return state_->event->published_at; }

    /// True when a process died with this event in hand after its effect may have happened.
    bool possible_duplicate() const {
        return state_->claim.reply.answer == ClaimAnswer::taken_over &&
               state_->claim.reply.content_may_have_left && !state_->claim.reply.already_accepted;
    }

    /// Call it right before the effect that cannot be taken back. False: do not do it now (another
    /// process may have the event, or verdicts cannot be written); throw Unavailable or return.
    /// After it was true, Unavailable may not be thrown, unless content_answered(false) has said
    /// that it did not happen: what is not known is Retry or Hold.
    asio::awaitable<bool> begin_content();

    /// The same where nothing has to be waited for, which is nearly always; else nothing, and
    /// begin_content() is to be asked. For effects that wait for each other in one queue.
    std::optional<bool> begin_content_at_once();

    /// Call it as soon as it is known what became of that effect: it happened, with these words of
    /// the other side, and with it all that the event asks for; or it surely did not. From here on
    /// a successor of this process knows it too; what is never answered is in doubt when this
    /// process dies before its verdict.
    void content_answered(bool accepted, std::string_view words);

    /// Writes `value` into one of the ledger's verdict columns, with the verdict.
    void note(std::string_view column, std::string value);

    /// Adds a field to the log line of the event's end. Addresses only as log::redacted_address().
    void log_field(std::string_view name, std::string value);

private:
    static void note_begun(State& state);

    std::shared_ptr<State> state_;
};

}  // namespace chatear::runtime
