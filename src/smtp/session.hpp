#pragma once

#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "smtp/mail_transaction.hpp"
#include "smtp/options.hpp"
#include "smtp/reply.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace chatear::smtp {

namespace asio = boost::asio;

/// Makes the message's bytes once it is known what the server can do; an Error means that it cannot
/// be written for this server.
using ContentSource = std::function<Result<std::string>(const Capabilities&)>;

/// Awaited right before the first byte of content leaves; false holds it back. It may throw: then
/// nothing of the content has left.
using BeforeContent = std::function<asio::awaitable<bool>()>;

/// Why a session could not be opened.
struct OpenFailure {
    Culprit culprit =
        Culprit::unavailable;     ///< unavailable, or sender_or_server: our account, our name.
    std::string why;              ///< One printable line for a person.
    bool asked_for_less = false;  ///< The server has too many connections or mails.
};

/// One connection to a mail server, from greeting to QUIT; one transaction at a time.
class Session {
public:
    Session(const asio::any_io_executor& executor, std::shared_ptr<const Options> options);

    /// Connects and goes through the handshake; nothing when the session is ready.
    asio::awaitable<std::optional<OpenFailure>> open(net::Resolver& resolver);

    /// One transaction. Never throws Unavailable by itself; what `before` throws goes through and
    /// makes the session unusable. Requires usable() and an envelope that has passed check().
    asio::awaitable<SendResult> send(
        Envelope envelope, ContentSource content, BeforeContent before
    );

    /// Says goodbye within limits.quit, and closes.
    asio::awaitable<void> quit();

    void close() noexcept { stream_.close(); }

    /// Whether one more transaction may be begun: connected, nothing went wrong, no reply that
    /// nobody asked for, LIMITS MAILMAX.
    bool usable() const;
    std::size_t mails() const { return mails_; }  ///< Transactions begun on this connection.
    const Extensions& extensions() const { return extensions_; }
    bool encrypted() const { return stream_.encrypted(); }

private:
    asio::awaitable<OpenFailure> perform(Handshake& handshake, net::Resolver& resolver);
    asio::awaitable<void> advance(Handshake& handshake);
    asio::awaitable<void> advance(MailTransaction& transaction);
    asio::awaitable<SendResult> refuse(std::string why);
    asio::awaitable<void> start_tls();
    asio::awaitable<Reply> read_reply(Step step);

    std::shared_ptr<const Options> options_;
    net::Stream stream_;
    ReplyParser parser_;
    Extensions extensions_;
    std::size_t mails_ = 0;
    bool ready_ = false;        // Handshake done, and no transaction broke off.
    bool needs_reset_ = false;  // A transaction may still be open on the server.
};

}  // namespace chatear::smtp
