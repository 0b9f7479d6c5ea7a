#include "simulated_mail_server.hpp"

#include "net/timer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chatear::simulation {

using smtp::SendResult;
using smtp::SendStatus;

namespace {

SendResult result_of(SendStatus status, smtp::Step step, int code, std::string text) {
    SendResult result;
    result.status = status;
    result.step = step;
    result.reply.code = code;
    result.reply.text = std::move(text);
    return result;
}

/// A header field's value in what was written.
std::string field(const std::string& content, const std::string& name) {
    const std::size_t begin = content.find(name + ": ");
    if (begin == std::string::npos) {
        return {};
    }
    const std::size_t value = begin + name.size() + 2;
    return content.substr(value, content.find("\r\n", value) - value);
}

Content::End end_of(const SendResult& result) {
    switch (result.status) {
        case SendStatus::accepted:
            return Content::End::accepted;
        case SendStatus::in_doubt:
            return Content::End::in_doubt;
        case SendStatus::not_sent:
            return Content::End::broken;
        case SendStatus::try_later:
        case SendStatus::never:
        case SendStatus::sender_refused:
            break;
    }
    return Content::End::refused;
}

}  // namespace

void SimulatedTransport::throw_unavailable(const std::string& why) const {
    throw Unavailable("smtp", "simulated", why);
}

asio::awaitable<SendResult> SimulatedTransport::send(
    smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
) {
    const Result<std::string> bytes = content(smtp::Capabilities());
    if (!bytes) {
        co_return result_of(SendStatus::never, smtp::Step::mail, 0, bytes.error().message);
    }
    std::string event = sending_.event_of(field(*bytes, "Subject"));
    std::string message_id = field(*bytes, "Message-ID");
    const std::optional<SendResult> refused = co_await open(event, envelope.rcpt_to);
    if (refused) {
        co_return *refused;
    }
    const bool granted = co_await before();
    if (!granted) {
        SendResult held_back = result_of(SendStatus::not_sent, smtp::Step::data, 0, "held back");
        held_back.held_back = true;
        co_return held_back;
    }
    co_return co_await send_content(std::move(event), std::move(message_id));
}

asio::awaitable<std::optional<SendResult>> SimulatedTransport::open(
    std::string event, std::string recipient
) {
    Timeline& timeline = wire_.timeline();
    const bool busy = timeline.chance(wire_.weather().mail_busy);
    const microseconds wait = busy ? timeline.draw(1s, 45s) : wire_.way();
    co_await net::sleep_for(std::chrono::ceil<milliseconds>(wait));
    if (stopping_ || !wire_.reachable() || timeline.chance(wire_.weather().lost_call)) {
        throw_unavailable("no connection");
    }
    std::optional<SendResult> refused;
    if (recipient.starts_with("nobody")) {
        refused = result_of(SendStatus::never, smtp::Step::rcpt, 550, "no such user");
    } else if (timeline.chance(wire_.weather().mail_later / 2)) {
        refused = result_of(SendStatus::try_later, smtp::Step::rcpt, 450, "later");
    }
    if (refused) {
        ++mail_.history().event(event).refusals;
        timeline.tell(sending_.instance(), event + " is refused: " + refused->reply.text);
    }
    co_return refused;
}

asio::awaitable<SendResult> SimulatedTransport::send_content(
    std::string event, std::string message_id
) {
    if (stopping_) {
        throw_unavailable("it stops");
    }
    History& history = mail_.history();
    sending_.check_limits(event);
    const std::size_t number = history.content_begins(
        event, sending_.instance(), message_id, sending_.holds_on_ambiguity()
    );
    wire_.timeline().tell(
        sending_.instance(), fmt::format("begins content {} of {}", number, event)
    );
    const auto answer = std::make_shared<Answer>(wire_.executor());
    awaited_.push_back(answer);
    begin_content(event, number, answer);
    SendResult result = co_await answer->wait();
    std::erase(awaited_, answer);
    changed_.notify_all();
    result.content_began = true;
    history.content_ends(event, number, end_of(result));
    wire_.timeline().tell(
        sending_.instance(),
        fmt::format("content {} of {}: {}", number, event, smtp::to_text(result.status))
    );
    co_return result;
}

/// Decides what becomes of it.
void SimulatedTransport::begin_content(
    const std::string& event, std::size_t number, const std::shared_ptr<Answer>& answer
) {
    Timeline& timeline = wire_.timeline();
    const Weather& weather = wire_.weather();
    const bool lost = timeline.chance(weather.mail_lost) || mail_.server.down;
    const bool all_left = !mail_.server.down && timeline.chance(0.5);
    const bool refused = !lost && timeline.chance(weather.mail_later / 2);
    const bool taken = !refused && (!lost || (all_left && timeline.chance(0.5)));
    const bool slow = timeline.chance(weather.mail_slow);
    SendResult result = result_of(SendStatus::accepted, smtp::Step::content, 250, "queued");
    if (refused) {
        result = result_of(SendStatus::try_later, smtp::Step::content, 451, "later");
    } else if (lost) {
        result = result_of(
            all_left ? SendStatus::in_doubt : SendStatus::not_sent,
            smtp::Step::content,
            0,
            "the connection broke"
        );
    }
    const microseconds there = slow ? timeline.draw(1s, 30s) : timeline.draw(1ms, 50ms);
    if (taken) {
        timeline.after(there, [&mail = mail_, &timeline, event, number] {
            timeline.tell("smtp", fmt::format("has content {} of {}", number, event));
            mail.take(event, number);
        });
    }
    const microseconds back = slow ? timeline.draw(1s, 30s) : timeline.draw(1ms, 50ms);
    timeline.after(there + back, [answer, alive = wire_.alive(), result] {
        if (*alive && !answer->finished()) {
            answer->set_value(result);
        }
    });
}

asio::awaitable<void> SimulatedTransport::stop(milliseconds limit) {
    stopping_ = true;
    const net::Moment end = net::moment_after(limit);
    bool in_time = true;
    while (!awaited_.empty() && in_time) {
        in_time = co_await changed_.wait_until(end);
    }
    for (const std::shared_ptr<Answer>& answer : awaited_) {
        if (!answer->finished()) {
            answer->set_value(result_of(SendStatus::in_doubt, smtp::Step::content, 0, "broken off")
            );
        }
    }
}

asio::awaitable<std::vector<notification::LimitReply>> SimulatedLimits::check(
    std::vector<notification::LimitRequest> requests
) {
    std::function<std::vector<notification::LimitReply>()> effect =
        [&shared = shared_, &history = history_, requests = std::move(requests)] {
            std::vector<notification::LimitReply> replies;
            for (const notification::LimitRequest& request : requests) {
                const Time now = shared.database.now();
                notification::Gcra& key =
                    shared.keys.try_emplace(request.recipient, shared.rate).first->second;
                const std::string wish = request.event_id + "#" + std::to_string(request.attempts);
                notification::LimitReply reply;
                reply.until = key.slot_for(wish, now, now);
                reply.allowed = reply.until <= now;
                reply.wait =
                    std::chrono::ceil<milliseconds>(std::max(reply.until - now, Time::duration(0)));
                reply.reason = reply.allowed ? "" : "over the limit";
                if (reply.allowed) {
                    history.event(request.event_id)
                        .granted.insert(static_cast<std::uint64_t>(request.attempts));
                }
                replies.push_back(reply);
            }
            return replies;
        };
    co_return co_await wire_.call<std::vector<notification::LimitReply>>(std::move(effect));
}

}  // namespace chatear::simulation
