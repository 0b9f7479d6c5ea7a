#pragma once

#include "net/notification.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace chatear::net {

/// A bounded first-in first-out queue between coroutines of one thread. Closing keeps what is
/// buffered: poppers get the rest, then nothing.
template <typename T>
class Queue {
public:
    Queue(const asio::any_io_executor& executor, std::size_t capacity)
        : capacity_(capacity), changed_(executor) {}

    /// Waits for room; false when the queue was closed (the item is dropped).
    asio::awaitable<bool> push(T item) {
        while (!closed_ && items_.size() >= capacity_) {
            co_await changed_.wait();
        }
        co_return try_push(std::move(item));
    }

    /// False when it is full or closed.
    bool try_push(T item) {
        if (closed_ || items_.size() >= capacity_) {
            return false;
        }
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }

    /// Waits for an item; nothing once the queue is closed and empty.
    asio::awaitable<std::optional<T>> pop() {
        while (!closed_ && items_.empty()) {
            co_await changed_.wait();
        }
        co_return try_pop();
    }

    std::optional<T> try_pop() {
        if (items_.empty()) {
            return std::nullopt;
        }
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        changed_.notify_all();
        return item;
    }

    void close() {
        closed_ = true;
        changed_.notify_all();
    }

    bool closed() const { return closed_; }
    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }

private:
    std::size_t capacity_;
    std::deque<T> items_;
    bool closed_ = false;
    Notification changed_;
};

}  // namespace chatear::net
