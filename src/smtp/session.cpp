#include "smtp/session.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::smtp {
Session::Session(const asio::any_io_executor& executor, std::shared_ptr<const Options> options)
    : options_(std::move(options)), stream_(executor, "smtp") {}

asio::awaitable<std::optional<OpenFailure>> Session::open(net::Resolver& resolver) {
    Handshake handshake(
        options_->tls, options_->helo_name, options_->credentials, options_->mechanism
    );
    OpenFailure failure = co_await perform(handshake, resolver);
    if (handshake.next() != Handshake::Next::ready) {
        stream_.close();
        co_return std::optional<OpenFailure>(std::move(failure));
    }
    if (!parser_.empty()) {
        stream_.close();
        failure.culprit = Culprit::unavailable;
        failure.why =
            "it said more than it was asked in the handshake: its answers are out of step";
        co_return std::optional<OpenFailure>(std::move(failure));
    }
    extensions_ = handshake.extensions();
    log::info(
        "connected to the mail server",
        {{"peer", stream_.peer()},
         {"tls", stream_.encrypted()},
         {"pipelining", extensions_.pipelining},
         {"chunking", extensions_.chunking}}
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

asio::awaitable<void> Session::quit() {
    if (stream_.open()) {
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
