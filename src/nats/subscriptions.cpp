#include "nats/subscriptions.hpp"

#include "nats/protocol.hpp"

#include <utility>

namespace chatear::nats {

std::uint64_t SubscriptionTable::add(std::string subject, std::function<void(Message)> callback) {
    const std::uint64_t sid = ++last_sid_;
    std::string line;
    append_subscribe(line, subject, sid);
    entries_.emplace(sid, std::make_shared<Entry>(Entry{std::move(subject), std::move(callback)}));
    if (write_) {
        write_(std::move(line));
    }
    return sid;
}

void SubscriptionTable::retire(std::uint64_t sid) {
    const auto found = entries_.find(sid);
    if (found == entries_.end() || found->second->retired) {
        return;
    }
    found->second->retired = true;
    if (write_) {
        std::string line;
        append_unsubscribe(line, sid);
        write_(std::move(line));
    }
}

void SubscriptionTable::remove(std::uint64_t sid) {
    retire(sid);
    entries_.erase(sid);
}

void SubscriptionTable::deliver(std::uint64_t sid, Message message) const {
    const auto found = entries_.find(sid);
    if (found == entries_.end()) {
        return;
    }
    // The callback may end its own subscription.
    const std::shared_ptr<Entry> entry = found->second;
    entry->callback(std::move(message));
}

std::string SubscriptionTable::subscribe_lines() const {
    std::string lines;
    for (const auto& [sid, entry] : entries_) {
        if (!entry->retired) {
            append_subscribe(lines, entry->subject, sid);
        }
    }
    return lines;
}

Subscription::Subscription(Subscription&& other) noexcept
    : table_(std::move(other.table_)), sid_(std::exchange(other.sid_, 0)) {}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
    if (this != &other) {
        reset();
        table_ = std::move(other.table_);
        sid_ = std::exchange(other.sid_, 0);
    }
    return *this;
}

void Subscription::retire() {
    if (const auto table = table_.lock()) {
        table->retire(sid_);
    }
}

void Subscription::reset() {
    if (const auto table = table_.lock(); table && sid_ != 0) {
        table->remove(sid_);
    }
    table_.reset();
    sid_ = 0;
}

}  // namespace chatear::nats
