#pragma once

#include "admin/message_source.hpp"
#include "admin/progress.hpp"
#include "admin/publish_book.hpp"
#include "admin/tool.hpp"
#include "nats/jetstream.hpp"
#include "net/notification.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace chatear::admin {

struct PublishOptions {
    std::string subject;
    nats::Headers headers;  ///< On every message.
    std::string run;        ///< `<run>-<number>` is each message's Nats-Msg-Id.
    std::uint64_t skip = 0;
    std::size_t window = 256;  ///< Messages without an acknowledgement, at most.
    bool core = false;         ///< Plain publishes: nobody says whether a stream took them.
};

/// Publishes what a source gives. It ends at the source's end, at the first message that is
/// refused, when NATS goes away, or by SIGINT or SIGTERM; book() then says how far it came.
class PublishRun {
public:
    PublishRun(Tool& tool, PublishOptions options, std::unique_ptr<MessageSource> source);

    /// Throws CommandFailed and Unavailable for what ended it early.
    asio::awaitable<void> run();

    const PublishBook& book() const { return book_; }
    std::uint64_t duplicates() const { return duplicates_; }
    std::uint64_t sequence() const { return sequence_; }  ///< Of the last acknowledgement.
    const std::string& stream() const { return stream_; }
    bool interrupted() const { return interrupted_; }

private:
    struct Numbered {
        std::uint64_t number = 0;
        nats::Message message;
    };

    asio::awaitable<void> watch_signals();
    asio::awaitable<bool> step();
    asio::awaitable<void> source_ready();
    asio::awaitable<void> publish_plainly(Numbered next);
    std::optional<Numbered> take();

    Tool& tool_;
    PublishOptions options_;
    std::unique_ptr<MessageSource> source_;
    PublishBook book_;
    Progress progress_;
    nats::JetStream* jetstream_ = nullptr;
    std::uint64_t taken_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t sequence_ = 0;
    std::string stream_;
    bool interrupted_ = false;
    bool watched_ = false;  // Somebody looks whether the source has more.
    net::Notification source_changed_;
};

}  // namespace chatear::admin
