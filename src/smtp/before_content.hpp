#pragma once

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <utility>

namespace chatear::smtp {

namespace asio = boost::asio;

/// Asked right before the content leaves: true lets it go, false holds it back.
class BeforeContent {
public:
    using AtOnce = std::function<std::optional<bool>()>;
    using Later = std::function<asio::awaitable<bool>()>;

    /// One whose answer may take a round trip. It may throw: then nothing of the content has left.
    template <std::convertible_to<Later> Callable>
    BeforeContent(Callable ask) : later_(std::move(ask)) {}

    /// One that mostly answers at once, so that nobody has to be woken for it, and what waits
    /// leaves in one write. `ask_at_once` says nothing where it cannot, and only then `ask_later`
    /// is asked. `ask_at_once` throws nothing.
    BeforeContent(AtOnce ask_at_once, Later ask_later)
        : at_once_(std::move(ask_at_once)), later_(std::move(ask_later)) {}

    std::optional<bool> at_once() const { return at_once_ ? at_once_() : std::nullopt; }

    /// Ask it after at_once() has said nothing. Keep this object until it has answered.
    asio::awaitable<bool> later() const { return later_(); }

    /// Both, for who can wait.
    asio::awaitable<bool> operator()() const {
        const std::optional<bool> answered = at_once();
        if (answered) {
            co_return *answered;
        }
        co_return co_await later();
    }

private:
    AtOnce at_once_;
    Later later_;
};

}  // namespace chatear::smtp
