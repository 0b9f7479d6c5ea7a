#pragma once

#include "net/moment.hpp"
#include "net/notification.hpp"
#include "postgres/connection.hpp"
#include "postgres/pool.hpp"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace chatear::postgres {

struct Pool::Member {
    Member(net::TaskGroup& tasks, const ConnectionOptions& options) : connection(tasks, options) {}

    Connection connection;
    bool leased = false;  ///< By a transaction.
};

/// What a Pool shares with its transactions, which may outlive it by a moment.
struct Pool::State {
    State(const asio::any_io_executor& executor, ConnectionOptions used);

    /// The open connection with the least under way that no transaction has; nothing when none is.
    std::shared_ptr<Member> least_busy() const;

    /// The same for a transaction: nothing where that would leave none for query().
    std::shared_ptr<Member> to_lease() const;

    /// One for a transaction, in the order in which they were asked for: who is done with one and
    /// asks again stands behind those who wait. Throws as wait().
    static asio::awaitable<std::unique_ptr<Transaction::Lease>> lease(std::shared_ptr<State> state);

    /// Waits for `changed` until `until`. Throws Unavailable when that has passed, when connecting
    /// is known to fail, or when the pool is stopped.
    static asio::awaitable<void> wait(std::shared_ptr<State> state, net::Moment until);

    void add(const std::shared_ptr<Member>& member);
    void remove(const std::shared_ptr<Member>& member);
    void connecting_failed(const std::string& why);

    const ConnectionOptions options;
    const std::string where;
    std::vector<FirstStatement> first;
    std::vector<std::shared_ptr<Member>> members;  ///< Connected, first statements done.
    std::list<const Turn*> turns;                  ///< Of those who want one to lease.
    net::Notification changed;
    std::string last_error;
    bool known_down = false;  ///< None is connected, and the last attempt failed.
    bool was_up = false;      ///< For one log line a change.
    bool stopped = false;
};

/// A place among those who want a connection for a transaction; the others move up when it goes.
struct Pool::Turn {
    explicit Turn(std::shared_ptr<State> of)
        : state(std::move(of)), place(state->turns.insert(state->turns.end(), this)) {}
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool has_come() const { return state->turns.front() == this; }

    const std::shared_ptr<State> state;
    const std::list<const Turn*>::iterator place;
};

/// A connection that is one transaction's for its life.
struct Transaction::Lease {
    Lease(std::shared_ptr<Pool::State> of, std::shared_ptr<Pool::Member> leased);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    std::shared_ptr<Pool::State> state;
    std::shared_ptr<Pool::Member> member;
    bool finished = false;  ///< Committed or rolled back: nothing to undo.
};

}  // namespace chatear::postgres
