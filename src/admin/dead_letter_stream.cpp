#include "admin/dead_letter_stream.hpp"

#include "admin/tool.hpp"
#include "base/error.hpp"

#include <exception>
#include <utility>
#include <vector>

namespace chatear::admin {

asio::awaitable<std::optional<DeadLetterStream>> DeadLetterStream::find(nats::JetStream* jetstream
) {
    auto found = co_await jetstream->stream_names("dlq.>");
    const std::vector<std::string> names = value_or_end(std::move(found), "streams of dlq.>");
    if (names.empty()) {
        co_return std::nullopt;
    }
    co_return DeadLetterStream(jetstream, names.front());
}

asio::awaitable<std::optional<DeadLetter>> DeadLetterStream::next(
    DeadLetterFilter filter, std::uint64_t sequence
) {
    // The server leaves out other subjects; the headers are ours to look at.
    const std::string subject = filter.subject.empty() ? "dlq.>" : "dlq." + filter.subject;
    while (true) {
        auto found = co_await jetstream_->next_message(name_, subject, sequence);
        if (!found && found.error().message_not_found()) {
            co_return std::nullopt;
        }
        const nats::StoredMessage stored = value_or_end(std::move(found), "stream " + name_);
        DeadLetter letter = read_dead_letter(stored);
        if (filter.matches(letter)) {
            co_return letter;
        }
        sequence = stored.seq + 1;
    }
}

asio::awaitable<std::optional<DeadLetter>> DeadLetterStream::at(std::uint64_t sequence) {
    auto found = co_await jetstream_->message_by_sequence(name_, sequence);
    if (!found && found.error().message_not_found()) {
        co_return std::nullopt;
    }
    const nats::StoredMessage stored = value_or_end(std::move(found), "stream " + name_);
    co_return read_dead_letter(stored);
}

asio::awaitable<bool> DeadLetterStream::remove(std::uint64_t sequence) {
    std::exception_ptr error;
    try {
        const nats::ApiResult<void> removed = co_await jetstream_->delete_message(name_, sequence);
        if (removed) {
            co_return true;
        }
        const std::string why = removed.error().text();
        error =
            std::make_exception_ptr(CommandFailed(ExitCode::failed, "stream " + name_ + ": " + why)
            );
    } catch (const Unavailable&) {
        error = std::current_exception();
    }
    // That a message is gone already the server calls by several codes, one of them a fault of its
    // own (10057 with 500 in 2.9).
    const std::optional<DeadLetter> still_there = co_await at(sequence);
    if (still_there) {
        std::rethrow_exception(error);
    }
    co_return false;
}

}  // namespace chatear::admin
