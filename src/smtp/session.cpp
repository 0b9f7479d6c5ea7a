#include "smtp/session.hpp"

#include "base/assert.hpp"
#include "base/crash_point.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"
#include "smtp/dot_stuffing.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::smtp {
namespace {

/// A message that no server was asked about.
SendResult unsendable(std::string why) {
    SendResult result;
    result.status = SendStatus::never;
    result.culprit = Culprit::never_message;
    result.reply.text = std::move(why);
    return result;
}

/// The connection that would have judged a message has ended.
SendResult unjudged(Reply reply) {
    SendResult result;
    result.step = Step::reset;
    result.reply = std::move(reply);
    return result;
}

}  // namespace

Session::Session(const asio::any_io_executor& executor, std::shared_ptr<const Options> options)
    : options_(std::move(options)), stream_(executor, "smtp") {}

bool Session::usable() const {
    const bool has_room = !extensions_.max_mails || mails_ < *extensions_.max_mails;
    // A server that has said more than it was asked is about to hang up (421), or out of step.
    return ready_ && has_room && parser_.empty() && stream_.open();
}

asio::awaitable<std::optional<OpenFailure>> Session::open(net::Resolver& resolver) {
    Handshake handshake(
        options_->tls, options_->helo_name, options_->credentials, options_->mechanism
    );
    OpenFailure failure = co_await perform(handshake, resolver);
    if (handshake.next() != Handshake::Next::ready) {
        stream_.close();
        co_return std::optional<OpenFailure>(std::move(failure));
    }
    extensions_ = handshake.extensions();
    ready_ = true;
    log::info(
        "connected to the mail server",
        {{"peer", stream_.peer()},
         {"tls", stream_.encrypted()},
         {"pipelining", extensions_.pipelining}}
    );
    co_return std::optional<OpenFailure>();
}

/// Only to be looked at when the handshake is not ready afterwards.
asio::awaitable<OpenFailure> Session::perform(Handshake& handshake, net::Resolver& resolver) {
    OpenFailure failure;
    Step step = Step::connect;
    try {
        co_await stream_.connect(
            resolver, options_->host, options_->port, options_->limits.connect
        );
        if (options_->tls == TlsPolicy::implicit) {
            step = Step::tls;
            co_await start_tls();
        }
        while (handshake.next() != Handshake::Next::ready &&
               handshake.next() != Handshake::Next::failed) {
            step = handshake.step();
            co_await advance(handshake);
        }
        failure.culprit = handshake.culprit();
        failure.why = handshake.why();
        failure.asked_for_less = handshake.asked_for_less();
    } catch (const Unavailable& unavailable) {
        failure.why = std::string(to_text(step)) + ": " + unavailable.why();
    }
    co_return failure;
}

asio::awaitable<void> Session::advance(Handshake& handshake) {
    if (handshake.next() == Handshake::Next::write) {
        const std::string output = handshake.take_output();
        co_await stream_.write(output, options_->limits.hello);
    } else if (handshake.next() == Handshake::Next::read) {
        const Reply reply = co_await read_reply(handshake.step());
        handshake.on_reply(reply);
    } else {
        if (!parser_.empty()) {
            throw Unavailable(
                "smtp", stream_.peer(), "bytes behind the answer to STARTTLS: response injection"
            );
        }
        co_await start_tls();
        handshake.on_tls_started();
    }
}

asio::awaitable<void> Session::start_tls() {
    CHATEAR_ASSERT(options_->tls_context);
    co_await stream_.start_tls(options_->tls_context, options_->host, options_->limits.tls);
}

/// The limit is for the whole reply, however the server cuts it.
asio::awaitable<Reply> Session::read_reply(Step step) {
    using std::chrono::milliseconds;
    const auto until = net::now() + options_->limits.of(step);
    std::array<char, 4096> bytes;
    const asio::mutable_buffer buffer(bytes.data(), bytes.size());
    while (true) {
        Result<std::optional<Reply>> reply = parser_.next();
        if (!reply) {
            stream_.close();
            throw Unavailable("smtp", stream_.peer(), reply.error().message);
        }
        if (*reply) {
            co_return std::move(**reply);
        }
        const auto left = std::chrono::ceil<milliseconds>(until - net::now());
        const milliseconds timeout = std::max(left, milliseconds(1));
        const std::size_t size = co_await stream_.read_some(buffer, timeout);
        parser_.feed(std::string_view(bytes.data(), size));
    }
}

asio::awaitable<SendResult> Session::send(
    Envelope envelope, ContentSource content, BeforeContent before
) {
    CHATEAR_ASSERT(usable());
    const Result<std::string> bytes = content(extensions_.capabilities());
    const Result<void> possible =
        bytes ? check_possible(envelope, *bytes, extensions_) : Result<void>(bytes.error());
    if (!possible) {
        std::string why = possible.error().message;
        co_return co_await refuse(std::move(why));
    }
    const std::string parameters = mail_parameters(envelope, *bytes, extensions_);
    std::string stuffed = dot_stuffed(*bytes);
    MailTransaction transaction(
        envelope, parameters, std::move(stuffed), extensions_.pipelining, needs_reset_
    );
    ready_ = false;  // Until the transaction has ended in order, whatever is thrown.
    ++mails_;
    while (transaction.next() != MailTransaction::Next::finished) {
        if (transaction.next() == MailTransaction::Next::ask) {
            const bool granted = co_await before();
            transaction.on_permission(granted);
        } else {
            co_await advance(transaction);
        }
    }
    ready_ = transaction.connection_usable();
    needs_reset_ = transaction.needs_reset();
    if (!ready_) {
        stream_.close();
    }
    co_return transaction.result();
}

/// The extensions are those of the server that answered EHLO. One that has been replaced since may
/// take the message, so only a connection that still answers may refuse it.
asio::awaitable<SendResult> Session::refuse(std::string why) {
    const std::string command = "RSET\r\n";
    ready_ = false;
    Reply reply;
    try {
        co_await stream_.write(command, options_->limits.content_write);
        reply = co_await read_reply(Step::reset);
        ready_ = reply.verdict() == Verdict::accepted;
    } catch (const Unavailable& unavailable) {
        reply.text = unavailable.why();
    }
    needs_reset_ = false;
    if (!ready_) {
        stream_.close();
        co_return unjudged(std::move(reply));
    }
    co_return unsendable(std::move(why));
}

asio::awaitable<void> Session::advance(MailTransaction& transaction) {
    try {
        if (transaction.next() == MailTransaction::Next::write) {
            const std::string_view output = transaction.take_output();
            co_await stream_.write(output, options_->limits.content_write);
            if (transaction.step() == Step::content &&
                transaction.next() == MailTransaction::Next::read) {
                crash_point("after-content");
            }
        } else {
            const Reply reply = co_await read_reply(transaction.step());
            transaction.on_reply(reply);
        }
    } catch (const Unavailable& unavailable) {
        transaction.on_connection_lost(unavailable.why());
    }
}

asio::awaitable<void> Session::quit() {
    if (ready_ && stream_.open()) {
        ready_ = false;
        const std::string command = "QUIT\r\n";
        try {
            co_await stream_.write(command, options_->limits.quit);
            const Reply reply = co_await read_reply(Step::quit);
            log::debug("said goodbye to the mail server", {{"smtp_code", reply.code}});
        } catch (const Unavailable& unavailable) {
            log::debug(
                "the mail server did not wait for our goodbye", {{"reason", unavailable.why()}}
            );
        }
    }
    stream_.close();
}

}  // namespace chatear::smtp
