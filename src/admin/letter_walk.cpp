#include "admin/letter_walk.hpp"

#include "admin/tool.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace chatear::admin {

LetterWalk::LetterWalk(
    DeadLetterStream stream,
    DeadLetterFilter filter,
    std::vector<std::uint64_t> sequences,
    std::uint64_t limit
)
    : stream_(std::move(stream)),
      filter_(std::move(filter)),
      sequences_(std::move(sequences)),
      left_(limit == 0 ? std::numeric_limits<std::uint64_t>::max() : limit) {}

asio::awaitable<std::optional<DeadLetter>> LetterWalk::next() {
    if (sequences_.empty()) {
        co_return co_await next_match();
    }
    co_return co_await next_named();
}

asio::awaitable<std::optional<DeadLetter>> LetterWalk::next_named() {
    if (next_name_ == sequences_.size()) {
        co_return std::nullopt;
    }
    const std::uint64_t sequence = sequences_[next_name_];
    ++next_name_;
    std::optional<DeadLetter> letter = co_await stream_.at(sequence);
    if (!letter) {
        throw CommandFailed(ExitCode::failed, fmt::format("there is no dead letter {}", sequence));
    }
    co_return letter;
}

asio::awaitable<std::optional<DeadLetter>> LetterWalk::next_match() {
    if (left_ == 0) {
        co_return std::nullopt;
    }
    std::optional<DeadLetter> letter = co_await stream_.next(filter_, next_sequence_);
    if (letter) {
        --left_;
        next_sequence_ = letter->sequence + 1;
    }
    co_return letter;
}

}  // namespace chatear::admin
