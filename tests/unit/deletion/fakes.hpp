// What account deletion needs from outside, as the tests say it.
#pragma once

#include "base/error.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/execution_guard.hpp"
#include "deletion/local_times.hpp"
#include "net/timer.hpp"
#include "notification/mail_transport.hpp"
#include "runtime/judge.hpp"
#include "support/memory_daily_limits.hpp"
#include "support/memory_mail_slots.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace chatear::deletion {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline Time at(int hour, int minute = 0, int day = 25) {
    return Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / day)) + hours(hour) +
           minutes(minute);
}

/// Answers what the test has put in, and keeps what was written.
class FakeDeletionStore final : public DeletionStore {
public:
    void check(const char* what) {
        calls.emplace_back(what);
        if (down) {
            throw Unavailable("postgres", "test:1", "the test says so");
        }
        if (breaks_at == what) {
            throw std::runtime_error("PostgreSQL refuses a value");
        }
    }

    asio::awaitable<std::vector<RequestReply>> enter(
        std::vector<Request> requests, std::optional<ClockOffset> offset
    ) override {
        check("enter");
        most_at_once = std::max(most_at_once, ++under_way);
        co_await net::sleep_for(milliseconds(0));
        --under_way;
        offsets.push_back(offset);
        batches.push_back(requests.size());
        std::vector<RequestReply> replies;
        for (Request& request : requests) {
            replies.push_back(on_enter(request));
            entered.push_back(std::move(request));
        }
        co_return replies;
    }
    asio::awaitable<TokenState> look_up_token(std::string token_sha256) override {
        check("look_up_token");
        const auto found = tokens.find(token_sha256);
        co_return found == tokens.end() ? TokenState::unknown : found->second;
    }
    asio::awaitable<DayState> day_state() override {
        check("day_state");
        if (!days.empty()) {
            day = days.front();
            days.pop_front();
        }
        co_return day;
    }
    asio::awaitable<std::vector<MailJob>> due_mails(std::size_t /*most*/) override {
        check("due_mails");
        co_return std::exchange(mails, {});
    }
    asio::awaitable<std::vector<std::string>> due_executions(std::string after, std::size_t most)
        override {
        check("due_executions");
        std::vector<std::string> found;
        bool behind = after.empty();
        for (const std::string& id : executions) {
            if (behind && found.size() < most) {
                found.push_back(id);
            }
            behind = behind || id == after;
        }
        co_return found;
    }
    asio::awaitable<std::optional<milliseconds>> until_next_due() override {
        check("until_next_due");
        co_return next_due;
    }
    asio::awaitable<std::vector<bool>> apply(std::vector<Change> changes) override {
        check("apply");
        std::vector<bool> happened(changes.size(), changes_happen);
        for (Change& change : changes) {
            applied.push_back(std::move(change));
        }
        co_return happened;
    }
    asio::awaitable<std::optional<Slot>> take_mail_slot(
        std::string user_id, std::string holder, int limit
    ) override {
        check("take_mail_slot");
        co_return slots.take(user_id, holder, limit, day.now);
    }
    asio::awaitable<void> pass_mail_slot(std::string holder, std::string next_holder) override {
        check("pass_mail_slot");
        slots.pass(holder, next_holder, day.now);
        co_return;
    }
    asio::awaitable<void> free_mail_slot(std::string holder) override {
        check("free_mail_slot");
        slots.free(holder, day.now);
        co_return;
    }
    asio::awaitable<bool> relay_accepted_before(Time moment) override {
        check("relay_accepted_before");
        co_return last_accepted&&* last_accepted <= moment&&* last_accepted > moment - hours(1);
    }
    asio::awaitable<void> add_token(std::string /*deletion_id*/, std::string token_sha256)
        override {
        check("add_token");
        tokens[token_sha256] = new_token_state;
        co_return;
    }
    asio::awaitable<std::size_t> let_go_of_mails() override {
        check("let_go_of_mails");
        co_return 0;
    }
    asio::awaitable<ExecutionAnswer> execute(ExecutionRequest request) override {
        check("execute");
        executed.push_back(request.deletion_id);
        co_return on_execute(request);
    }
    asio::awaitable<bool> hold_for_lost_recovery(
        std::string user_id, std::string token_sha256, std::string /*reason*/
    ) override {
        check("hold_for_lost_recovery");
        lost.emplace_back(std::move(user_id), std::move(token_sha256));
        co_return user_known;
    }
    asio::awaitable<DeadLettersSeen> dead_letters_seen() override {
        check("dead_letters_seen");
        co_return seen;
    }
    asio::awaitable<void> set_dead_letters_seen(DeadLettersSeen now) override {
        check("set_dead_letters_seen");
        seen = std::move(now);
        co_return;
    }
    asio::awaitable<void> stop_executions(std::string reason) override {
        check("stop_executions");
        day.executions_stopped = std::move(reason);
        co_return;
    }

    bool down = false;
    std::string breaks_at;
    std::vector<std::string> calls;
    std::function<RequestReply(const Request&)> on_enter = [](const Request&) {
        return RequestReply{};
    };
    std::vector<Request> entered;
    std::vector<std::size_t> batches;
    int under_way = 0;  // Batches that are being entered.
    int most_at_once = 0;
    std::vector<std::optional<ClockOffset>> offsets;
    std::map<std::string, TokenState> tokens;
    TokenState new_token_state = TokenState::usable;
    DayState day{.now = at(12), .day = "2026-11-25"};
    std::deque<DayState> days;  ///< The next answers of day_state(); the last one stays.
    std::vector<MailJob> mails;
    std::vector<std::string> executions;
    std::optional<milliseconds> next_due;
    std::vector<Change> applied;
    bool changes_happen = true;
    test::MemoryMailSlots slots;
    std::optional<Time> last_accepted = at(11, 30);  ///< Of another mail.
    std::vector<std::string> executed;
    std::function<ExecutionAnswer(const ExecutionRequest&)> on_execute =
        [](const ExecutionRequest&) { return ExecutionAnswer::executed; };
    std::vector<std::pair<std::string, std::string>> lost;
    bool user_known = true;
    DeadLettersSeen seen;
};

class FakeLocalTimes final : public LocalTimes {
public:
    asio::awaitable<std::optional<std::string>> minute_in(Time /*time*/, std::string time_zone)
        override {
        std::optional<std::string> text;
        if (time_zone == "America/Sao_Paulo") {
            text = "2026-11-26 09:00";
        }
        co_return text;
    }
};

class FakeGuard final : public ExecutionGuard {
public:
    asio::awaitable<std::optional<std::string>> obstacle(DayState /*day*/) override {
        ++asked;
        co_return answer;
    }
    asio::awaitable<void> look_at_dead_letters() override {
        ++looked;
        co_return;
    }

    std::optional<std::string> answer;
    int asked = 0;
    int looked = 0;
};

/// A ledger that grants, unless told otherwise, and keeps every verdict.
class FakeMailJudge final : public runtime::Judge {
public:
    struct Recorded {
        std::string event_id;
        std::uint32_t generation = 0;
        runtime::Verdict verdict;
        std::vector<std::optional<std::string>> details;
    };

    asio::awaitable<runtime::ClaimReply> claim(
        const runtime::Event& event,
        std::uint64_t claim_no,
        std::vector<std::optional<std::string>> details
    ) override {
        claims.push_back(event.event_id);
        claim_numbers.push_back(claim_no);
        claim_details.push_back(std::move(details));
        if (answers_get_lost) {
            throw Unavailable("postgres", "test:1", "the answer to a claim is lost");
        }
        co_return reply;
    }
    asio::awaitable<runtime::Settlement> record(
        const runtime::Event& event,
        const runtime::Claim& claim,
        runtime::Verdict verdict,
        std::vector<std::optional<std::string>> details
    ) override {
        recorded.push_back(
            {event.event_id, claim.generation, std::move(verdict), std::move(details)}
        );
        while_verdict_is_written();
        co_return settlement;
    }
    asio::awaitable<void> bury(runtime::OutboxRow /*dead_letter*/) override { co_return; }
    asio::awaitable<bool> begin_content(
        const runtime::Event& /*event*/, runtime::Claim& /*claim*/
    ) override {
        while_content_is_noted();
        co_return allows;
    }
    asio::awaitable<std::uint32_t> begin_alone(const runtime::Event& /*event*/) override {
        co_return 0;
    }
    asio::awaitable<void> end_alone(const runtime::Event& /*event*/) override { co_return; }
    asio::awaitable<void> stop() override { co_return; }

    runtime::ClaimReply reply{.answer = runtime::ClaimAnswer::granted};
    runtime::Settlement settlement{};
    bool allows = true;
    std::function<void()> while_content_is_noted = [] {};
    std::function<void()> while_verdict_is_written = [] {};
    bool answers_get_lost = false;
    std::vector<std::string> claims;
    std::vector<std::uint64_t> claim_numbers;
    std::vector<std::vector<std::optional<std::string>>> claim_details;
    std::vector<Recorded> recorded;
};

/// Asks for the content as a session would, and answers what the test says.
class ScriptedTransport final : public notification::MailTransport {
public:
    asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
    ) override {
        if (down) {
            throw Unavailable("smtp", "test:25", "the test says so");
        }
        const Result<std::string> bytes = content(smtp::Capabilities{});
        recipients.push_back(envelope.rcpt_to);
        contents.push_back(bytes ? *bytes : std::string());
        const bool granted = co_await before();
        if (!granted) {
            smtp::SendResult held_back;
            held_back.held_back = true;
            co_return held_back;
        }
        smtp::SendResult result = accepted();
        if (!results.empty()) {
            result = results.front();
            results.pop_front();
        }
        co_return result;
    }

    static smtp::SendResult answer(
        smtp::SendStatus status, int code, std::string text, bool content_began = true
    ) {
        smtp::SendResult result;
        result.status = status;
        result.step = smtp::Step::rcpt;
        result.reply = {code, std::move(text)};
        result.content_began = content_began;
        return result;
    }
    static smtp::SendResult accepted() {
        return answer(smtp::SendStatus::accepted, 250, "2.0.0 queued");
    }

    bool down = false;
    std::deque<smtp::SendResult> results;  ///< The next ones; then all are accepted.
    std::vector<std::string> recipients;
    std::vector<std::string> contents;
};

}  // namespace chatear::deletion
