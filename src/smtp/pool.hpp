#pragma once

#include "net/backoff.hpp"
#include "net/moment.hpp"
#include "net/notification.hpp"
#include "net/resolver.hpp"
#include "net/task_group.hpp"
#include "smtp/carrier.hpp"
#include "smtp/connection_allowance.hpp"
#include "smtp/options.hpp"
#include "smtp/pool_health.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::smtp {

/// What a pool has done, for metrics; only goes up, but for the last three.
struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t try_later = 0;
    std::uint64_t never = 0;
    std::uint64_t sender_refused = 0;
    std::uint64_t not_sent = 0;
    std::uint64_t in_doubt = 0;
    std::uint64_t connected = 0;           ///< Sessions that became ready.
    std::uint64_t failed_connections = 0;  ///< That did not.
    std::uint64_t lost_connections = 0;    ///< Ready sessions that ended by other than our wish.
    std::size_t open = 0;                  ///< Ready sessions now.
    std::size_t busy = 0;                  ///< Of these, in a transaction.
    std::size_t allowed = 0;  ///< That may be open: fewer while the server asks for less.
    bool merging = true;      ///< False once the server has refused what stood behind a content.
    bool chunking = true;     ///< False once it has refused BDAT, which it had announced.
};

/// Up to SMTP_CONNECTIONS sessions to one mail server, opened when there is something to send,
/// reused, closed when idle, and opened again with backoff. Messages wait in one queue, from which
/// each connection takes what it has room for. One thread.
class Pool : private CarrierOwner {
public:
    /// A message meets so many connections that end before its content begins.
    static constexpr int max_tries = 3;

    Pool(const asio::any_io_executor& executor, Options options);
    ~Pool() override;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Opens the first connection, so that available() and extensions() come to know the server.
    void start();

    /// Takes no more messages, lets transactions under way end for as long as `drain` says, then
    /// breaks them off (not sent, or in doubt), says goodbye, and returns when all is closed.
    asio::awaitable<void> stop(std::chrono::milliseconds drain);

    /// Sends one message. As long as `before` has not granted the content this throws Unavailable
    /// ("smtp") when no connection can be had or kept; from then on every end is a value. An
    /// envelope that may not reach the wire, or content that cannot be written for this server, is
    /// `never`. Runs in the caller's task: stopping that task breaks the transaction off.
    asio::awaitable<SendResult> send(
        Envelope envelope, ContentSource content, BeforeContent before
    );

    /// Whether a message given now would be tried.
    bool available() const { return started_ && !stopping_ && health_.available(); }

    /// Why it is not, or was not lately; empty = nothing went wrong yet. One printable line.
    const std::string& last_error() const { return health_.last_error(); }

    /// What the server announced last; nothing before the first connection.
    const std::optional<Extensions>& extensions() const { return extensions_; }

    Counters counters() const;

private:
    Submission* next_message(Carrier& carrier) override;
    void on_ended(Carrier& carrier, Submission& message, SendResult result) override;
    void on_idle(Carrier& carrier) override;
    void on_learnt(Carrier& carrier, const Conduct& before) override;

    asio::awaitable<void> see_through(Submission& message, const BeforeContent& before);
    void queue(Submission& message);
    void dispatch();
    Carrier* freshest_idle() const;
    bool is_too_many(const Carrier& carrier) const;
    void retire_too_many();
    void throw_unless_available() const;

    void grow();
    asio::awaitable<void> connect_one();
    asio::awaitable<bool> connect();  // Requires that connecting_ counts it already.
    void on_connect_failed(const OpenFailure& failure);
    void turn_unavailable(Culprit culprit, std::string why);
    void fail_waiting();

    asio::awaitable<void> recover();
    asio::awaitable<void> reap();
    asio::awaitable<void> carry(std::shared_ptr<Carrier> carrier);
    /// How one message's tries went where BDAT had to be proven.
    struct ChunkingTries {
        int in_probe = 0;
        bool by_data = false;
    };
    void learn_of_chunking(ChunkingTries& tries, const SendResult& result, bool used);
    void use_no_chunking(std::string_view why);
    void tell_carriers();
    Conduct conduct(const Extensions& announced) const;

    void note(const SendResult& result);
    void count(SendStatus status);
    std::size_t live() const;  // Connections that take messages.
    std::size_t busy() const;
    std::string where() const;

    asio::any_io_executor executor_;
    std::shared_ptr<const Options> options_;
    net::Resolver resolver_;
    PoolHealth health_;
    ConnectionAllowance allowance_;
    net::Backoff backoff_;  // Between connections to a server that is down.
    net::Backoff pause_;    // After a refusal of us.
    std::optional<Extensions> extensions_;
    Counters counters_;
    std::vector<std::shared_ptr<Carrier>> carriers_;
    std::deque<Submission*> waiting_;  // First come, first served.
    std::uint64_t last_turn_ = 0;
    bool merging_ = true;  // What was learnt of the server.
    bool chunking_ = true;
    std::optional<Extensions> chunking_proven_by_;  // A server that announces exactly this.
    std::size_t connecting_ = 0;
    net::Moment grow_not_before_{};
    bool started_ = false;
    bool stopping_ = false;
    net::Notification changed_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::smtp
