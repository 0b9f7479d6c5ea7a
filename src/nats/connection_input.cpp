// What a connection does with each operation that the server sends.
#include "base/log.hpp"
#include "nats/connection.hpp"
#include "nats/pending.hpp"

#include <utility>

namespace chatear::nats {
namespace {

constexpr std::size_t max_logged_errors = 1'000;

/// `... Violation for Publish to "subject"`: what the quotes hold.
std::string quoted(const std::string& text) {
    const std::size_t start = text.find('"');
    const std::size_t end = text.rfind('"');
    return start == std::string::npos || end <= start ? std::string()
                                                      : text.substr(start + 1, end - start - 1);
}

}  // namespace

bool Connection::take_all() {
    while (true) {
        Result<std::optional<ServerOperation>> operation = parser_.next();
        if (!operation) {
            end_stream("it does not speak NATS: " + operation.error().message);
            return false;
        }
        if (!*operation) {
            return true;
        }
        take(std::move(**operation));
    }
}

void Connection::take(ServerOperation operation) {
    if (auto* delivered = std::get_if<Delivered>(&operation)) {
        subscriptions_->deliver(delivered->sid, std::move(delivered->message));
    } else if (std::holds_alternative<Ping>(operation)) {
        take_ping();
    } else if (std::holds_alternative<Pong>(operation)) {
        take_pong();
    } else if (auto* info = std::get_if<ServerInfo>(&operation)) {
        take_info(std::move(*info));
    } else if (const auto* error = std::get_if<ServerError>(&operation)) {
        take_error(error->text);
    }
}

/// A server that takes nothing gets no answer either: what it asks must not pile up here.
void Connection::take_ping() {
    if (output_.size() + writing_bytes_ < options_.max_output_bytes) {
        output_ += pong_line;
        output_changed_.notify_all();
    }
}

void Connection::take_pong() {
    unanswered_pings_ = 0;
    if (pongs_.empty()) {
        return;
    }
    const std::shared_ptr<PendingPong> waiter = std::move(pongs_.front());
    pongs_.pop_front();
    if (waiter) {
        waiter->succeed();
    }
}

void Connection::take_info(ServerInfo info) {
    info_ = std::move(info);
    pool_.learn(info_.connect_urls, server_, Told::safely);
    if (info_.lame_duck && connected_) {
        log::warn("NATS server is about to go away", {{"peer", peer()}});
        if (pool_.size() > 1) {
            tasks_.start("nats lame duck", leave_lame_duck(epoch_));
        }
    }
}

bool Connection::is_new_in_log(std::string text) {
    if (logged_errors_.size() >= max_logged_errors) {
        logged_errors_.clear();
    }
    return logged_errors_.insert(std::move(text)).second;
}

/// Most of them come before the server hangs up; a lack of permission does not.
void Connection::take_error(const std::string& text) {
    if (!text.starts_with("Permissions Violation")) {
        log::warn("NATS server refused something", {{"peer", peer()}, {"reason", text}});
        why_lost_ = why_lost_.empty() ? "it said: " + text : why_lost_;
        return;
    }
    if (is_new_in_log(text)) {
        log::error(
            "NATS refused something for lack of permission", {{"peer", peer()}, {"reason", text}}
        );
    }
    const std::string subject = quoted(text);
    for (const auto& [number, reply] : *replies_) {
        if (reply->subject == subject && !reply->finished) {
            reply->answer.status = 403;
            reply->answer.status_text = text;
            reply->succeed();
        }
    }
}

void Connection::take_reply(Message message) {
    if (message.subject.size() <= inbox_.size()) {
        return;  // No subject that we subscribed to; no NATS server does that.
    }
    const auto found = replies_->find(std::string_view(message.subject).substr(inbox_.size() + 1));
    if (found != replies_->end() && !found->second->finished) {
        found->second->answer = std::move(message);
        found->second->succeed();
    }
}

}  // namespace chatear::nats
