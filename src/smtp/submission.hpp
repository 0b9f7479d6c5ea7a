#pragma once

#include "net/notification.hpp"
#include "smtp/before_content.hpp"
#include "smtp/envelope.hpp"
#include "smtp/extensions.hpp"
#include "smtp/send_result.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace chatear::smtp {

namespace asio = boost::asio;

/// Makes the message's bytes once it is known what the server can do; an Error means that it cannot
/// be written for this server.
using ContentSource = std::function<Result<std::string>(const Capabilities&)>;

class Carrier;

/// A message that waits for a connection or is under way on one. It lives in the frame of
/// Pool::send(), which may be destroyed at any await: it leaves wherever it is by itself.
class Submission {
public:
    Submission(
        const asio::any_io_executor& executor,
        const Envelope& envelope,
        const ContentSource& content,
        const BeforeContent& before,
        std::function<void(Submission&)> on_left
    );
    ~Submission();
    Submission(const Submission&) = delete;
    Submission& operator=(const Submission&) = delete;

    // What its sender does.

    enum class Event {
        asked,  ///< Whether the content may leave, which takes time: answer().
        ended,  ///< result() is there, or failure().
    };
    asio::awaitable<Event> next_event();
    void answer(bool granted);  ///< Passed over where the connection ended meanwhile.

    const SendResult& result() const { return *result_; }
    bool may_be_repeated() const { return may_be_repeated_; }
    bool on_used_connection() const { return on_used_connection_; }
    /// Not about the mail: no connection can be had, or its content could not be made.
    const std::exception_ptr& failure() const { return failure_; }

    // What pool and carrier do.

    std::uint64_t turn = 0;  ///< Among those that wait: the lower one comes first.
    bool by_data = false;    ///< It proves nothing of BDAT: something like it was refused.

    const Envelope& envelope() const { return envelope_; }
    const ContentSource& content() const { return content_; }
    void on_taken(std::weak_ptr<Carrier> carrier, std::uint64_t id);
    std::uint64_t id() const { return id_; }  ///< In its carrier's pipeline.
    /// Whether the content may leave, where that is known at once.
    std::optional<bool> ask();
    /// `may_be_repeated`: nobody has judged it, and it may go over another connection.
    void end(SendResult result, bool may_be_repeated, bool on_used_connection);
    void fail(std::exception_ptr failure);

private:
    bool ended() const { return result_ || failure_; }

    const Envelope& envelope_;
    const ContentSource& content_;
    const BeforeContent& before_;
    std::function<void(Submission&)> on_left_;  // Out of the queue, not taken by anybody.
    net::Notification changed_;
    std::weak_ptr<Carrier> carrier_;
    std::uint64_t id_ = 0;
    bool asked_ = false;
    std::optional<SendResult> result_;
    bool may_be_repeated_ = false;
    bool on_used_connection_ = false;
    std::exception_ptr failure_;
};

}  // namespace chatear::smtp
