#include "redis/connection.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace chatear::redis {
namespace {

std::exception_ptr unavailable(const std::string& peer, const std::string& why) {
    return std::make_exception_ptr(Unavailable("redis", peer, why));
}

}  // namespace

Connection::Connection(
    const asio::any_io_executor& executor,
    std::string peer,
    std::chrono::milliseconds command_timeout
)
    : executor_(executor),
      peer_(std::move(peer)),
      command_timeout_(command_timeout),
      stream_(executor, "redis"),
      output_changed_(executor),
      waiting_changed_(executor) {}

Connection::Promise Connection::send(const Command& command) {
    if (failed()) {
        throw Unavailable("redis", peer_, why_);
    }
    if (waiting_.size() >= max_waiting || output_.size() >= max_output_bytes) {
        throw Unavailable("redis", peer_, "it is so slow that too many commands wait for it");
    }
    auto promise = std::make_shared<net::Completion<Reply>>(executor_);
    if (waiting_.empty()) {
        waiting_changed_.notify_all();
    }
    waiting_.push_back({promise, net::now() + command_timeout_, command.name()});
    if (output_.empty()) {
        output_changed_.notify_all();
    }
    output_ += command.encoded();
    return promise;
}

void Connection::fail(std::string why) {
    if (failed()) {
        return;
    }
    why_ = std::move(why);
    stream_.close();
    for (const Waiting& waiting : waiting_) {
        waiting.promise->set_exception(unavailable(peer_, why_));
    }
    waiting_.clear();
    output_.clear();
    output_changed_.notify_all();
    waiting_changed_.notify_all();
}

asio::awaitable<void> Connection::write_all(std::shared_ptr<Connection> connection) {
    Connection& self = *connection;
    try {
        while (!self.failed()) {
            if (self.output_.empty()) {
                co_await self.output_changed_.wait();
                continue;
            }
            const std::string bytes = std::exchange(self.output_, std::string());
            co_await self.stream_.write(bytes, self.command_timeout_);
        }
    } catch (const Unavailable& error) {
        self.fail(error.why());
    }
}

asio::awaitable<void> Connection::read_all(std::shared_ptr<Connection> connection) {
    constexpr std::size_t most = std::size_t{64} * 1024;
    Connection& self = *connection;
    ReplyReader reader;
    std::string bytes;
    try {
        while (!self.failed()) {
            bytes.clear();
            co_await self.stream_.read_into(bytes, most, net::Stream::no_limit);
            reader.feed(bytes);
            self.take_replies(reader);
        }
    } catch (const Unavailable& error) {
        self.fail(error.why());
    }
}

void Connection::take_replies(ReplyReader& reader) {
    while (!failed()) {
        Result<std::optional<Reply>> next = reader.next();
        if (!next) {
            fail(next.error().message);
            return;
        }
        std::optional<Reply>& reply = *next;
        if (!reply) {
            return;
        }
        deliver(std::move(*reply));
    }
}

void Connection::deliver(Reply reply) {
    if (waiting_.empty()) {
        fail("it sent a reply that nothing asked for");
        return;
    }
    const Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    const ErrorReply* error = reply.error();
    if (error == nullptr || error->refusal() == Refusal::command) {
        waiting.promise->set_value(std::move(reply));
        return;
    }
    waiting.promise->set_exception(unavailable(peer_, error->text));
    if (error->refusal() == Refusal::unavailable) {
        // A new connection finds out when this is over: it begins with a write.
        fail(error->text);
        return;
    }
    // Before that the client tells, once for all attempts.
    if (!std::exchange(misconfigured_, true) && introduced_) {
        log::error(
            "Redis refuses a command: mend the account in REDIS_URL or its rights",
            {{"peer", peer_}, {"command", waiting.command}, {"reason", error->text}}
        );
    }
}

asio::awaitable<void> Connection::watch(std::shared_ptr<Connection> connection) {
    Connection& self = *connection;
    while (!self.failed()) {
        if (self.waiting_.empty()) {
            co_await self.waiting_changed_.wait();
            continue;
        }
        const net::Moment::duration left = self.waiting_.front().until - net::now();
        if (left <= net::Moment::duration::zero()) {
            const std::string limit = std::to_string(self.command_timeout_.count());
            self.fail("no reply to " + self.waiting_.front().command + " within " + limit + " ms");
            co_return;
        }
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left);
        (void)co_await self.waiting_changed_.wait_for(wait);
    }
}

asio::awaitable<void> Connection::until_failed(std::shared_ptr<Connection> connection) {
    while (!connection->failed()) {
        co_await connection->waiting_changed_.wait();
    }
}

}  // namespace chatear::redis
