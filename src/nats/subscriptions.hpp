#pragma once

#include "nats/message.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace chatear::nats {

/// The subscriptions of one connection, by the number that the wire knows them by.
class SubscriptionTable {
public:
    struct Entry {
        std::string subject;
        std::function<void(Message)> callback;
        bool retired = false;  // The server was told to end it; what is under way still arrives.
    };

    /// `write` sends protocol bytes to the server, if there is a connection.
    explicit SubscriptionTable(std::function<void(std::string)> write) : write_(std::move(write)) {}

    std::uint64_t add(std::string subject, std::function<void(Message)> callback);
    void retire(std::uint64_t sid);
    void remove(std::uint64_t sid);

    /// Calls the callback; a number that is not known is a message that crossed our UNSUB.
    void deliver(std::uint64_t sid, Message message) const;

    /// The SUB lines for a new connection.
    std::string subscribe_lines() const;

    /// The connection is going: nothing is written any more.
    void detach() { write_ = nullptr; }

private:
    std::function<void(std::string)> write_;
    std::uint64_t last_sid_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Entry>> entries_;
};

/// Ends its subscription when it is destroyed; may outlive the connection.
class Subscription {
public:
    Subscription() = default;
    Subscription(std::weak_ptr<SubscriptionTable> table, std::uint64_t sid)
        : table_(std::move(table)), sid_(sid) {}
    ~Subscription() { reset(); }
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;

    /// The server sends no more; what it sent already still reaches the callback.
    void retire();
    void reset();

private:
    std::weak_ptr<SubscriptionTable> table_;
    std::uint64_t sid_ = 0;
};

}  // namespace chatear::nats
