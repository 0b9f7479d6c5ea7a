#pragma once

#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "smtp/extensions.hpp"
#include "smtp/options.hpp"
#include "smtp/reply.hpp"

#include <memory>
#include <optional>
#include <string>

namespace chatear::smtp {

namespace asio = boost::asio;

/// Why a session could not be opened.
struct OpenFailure {
    Culprit culprit =
        Culprit::unavailable;     ///< unavailable, or sender_or_server: our account, our name.
    std::string why;              ///< One printable line for a person.
    bool asked_for_less = false;  ///< The server has too many connections or mails.
};

/// One connection to a mail server: from greeting to where messages may follow (Carrier), and its
/// goodbye.
class Session {
public:
    Session(const asio::any_io_executor& executor, std::shared_ptr<const Options> options);

    /// Connects and goes through the handshake; nothing when the session is ready.
    asio::awaitable<std::optional<OpenFailure>> open(net::Resolver& resolver);

    /// Says goodbye within limits.quit, and closes. Requires that nobody reads.
    asio::awaitable<void> quit();

    void close() noexcept { stream_.close(); }

    const Extensions& extensions() const { return extensions_; }
    bool encrypted() const { return stream_.encrypted(); }

    /// For who speaks on a ready session.
    net::Stream& stream() { return stream_; }
    ReplyParser& parser() { return parser_; }

private:
    asio::awaitable<OpenFailure> perform(Handshake& handshake, net::Resolver& resolver);
    asio::awaitable<void> advance(Handshake& handshake);
    asio::awaitable<void> start_tls();
    asio::awaitable<Reply> read_reply(Step step);

    std::shared_ptr<const Options> options_;
    net::Stream stream_;
    ReplyParser parser_;
    Extensions extensions_;
};

}  // namespace chatear::smtp
