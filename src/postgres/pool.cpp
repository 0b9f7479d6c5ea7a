#include "postgres/pool.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/backoff.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"
#include "postgres/pool_state.hpp"

#include <algorithm>
#include <utility>

namespace chatear::postgres {
namespace {

using std::chrono::milliseconds;

constexpr int most_attempts = 5;  // Of a statement that is to be repeated.
constexpr milliseconds stable =
    milliseconds(5000);  // A connection that lived so long was a good one.

}  // namespace

Pool::State::State(const asio::any_io_executor& executor, ConnectionOptions used)
    : options(std::move(used)), where(describe_hosts(options.url)), changed(executor) {}

std::shared_ptr<Pool::Member> Pool::State::least_busy() const {
    std::shared_ptr<Member> best;
    for (const auto& member : members) {
        const bool usable = member->connection.open() && !member->leased;
        if (usable && (!best || member->connection.under_way() < best->connection.under_way())) {
            best = member;
        }
    }
    return best;
}

std::shared_ptr<Pool::Member> Pool::State::to_lease() const {
    const auto leased = std::count_if(members.begin(), members.end(), [](const auto& member) {
        return member->leased;
    });
    const auto most =
        std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(options.connections) - 1, 1);
    return leased < most ? least_busy() : nullptr;
}

Pool::Turn::~Turn() {
    state->turns.erase(place);
    state->changed.notify_all();
}

asio::awaitable<std::unique_ptr<Transaction::Lease>> Pool::State::lease(std::shared_ptr<State> state
) {
    const auto until = net::now() + state->options.wait_timeout;
    const Turn turn(state);
    std::shared_ptr<Member> member = turn.has_come() ? state->to_lease() : nullptr;
    while (!member) {
        co_await wait(state, until);
        member = turn.has_come() ? state->to_lease() : nullptr;
    }
    co_return std::make_unique<Transaction::Lease>(state, std::move(member));
}

asio::awaitable<void> Pool::State::wait(std::shared_ptr<State> state, net::Moment until) {
    const auto left = std::chrono::ceil<milliseconds>(until - net::now());
    if (state->stopped) {
        throw Unavailable("postgres", state->where, "the pool is stopped");
    }
    if (state->known_down) {
        throw Unavailable("postgres", state->where, state->last_error);
    }
    if (left.count() <= 0) {
        const std::string why = state->members.empty() ? "not connected: " + state->last_error
                                                       : "all connections are in transactions";
        throw Unavailable("postgres", state->where, why);
    }
    co_await state->changed.wait_for(left);
}

void Pool::State::add(const std::shared_ptr<Member>& member) {
    members.push_back(member);
    known_down = false;
    if (!was_up) {
        was_up = true;
        log::info("postgres is connected", {{"peer", member->connection.where()}});
    }
    changed.notify_all();
}

void Pool::State::remove(const std::shared_ptr<Member>& member) {
    std::erase(members, member);
    last_error = member->connection.why_closed();
    if (members.empty() && was_up && !stopped) {
        was_up = false;
        log::warn(
            "postgres is lost", {{"peer", member->connection.where()}, {"reason", last_error}}
        );
    }
    changed.notify_all();
}

void Pool::State::connecting_failed(const std::string& why) {
    if (last_error != why && members.empty() && !stopped) {
        log::warn("postgres cannot be reached", {{"peer", where}, {"reason", why}});
    }
    last_error = why;
    known_down = members.empty();
    changed.notify_all();
}

Pool::Pool(const asio::any_io_executor& executor, ConnectionOptions options)
    : state_(std::make_shared<State>(executor, std::move(options))), tasks_(executor) {}

Pool::~Pool() {
    state_->stopped = true;
}

void Pool::run_first(FirstStatement first) {
    state_->first.push_back(std::move(first));
}

void Pool::start() {
    for (std::size_t n = 0; n < state_->options.connections; ++n) {
        tasks_.start("postgres connection", keep_connected(state_, tasks_));
    }
}

asio::awaitable<void> Pool::stop() {
    state_->stopped = true;
    for (const auto& member : state_->members) {
        member->connection.close("the pool is stopped");
    }
    state_->changed.notify_all();
    co_await tasks_.stop();
}

// Throws Unavailable when there is no connection at the end of it.
asio::awaitable<void> Pool::connect(std::shared_ptr<State> state, std::shared_ptr<Member> member) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    net::Resolver resolver(executor);
    co_await member->connection.connect(resolver);
    for (const FirstStatement& first : state->first) {
        const Params params = first.params();
        const QueryResult result = co_await member->connection.query(first.statement, params);
        if (first.on_result) {
            first.on_result(result);
        }
        if (!result) {
            const std::string why = describe(result.error());
            member->connection.close(why);
            throw Unavailable("postgres", member->connection.where(), why);
        }
    }
}

asio::awaitable<void> Pool::keep_connected(std::shared_ptr<State> state, net::TaskGroup& tasks) {
    net::Backoff backoff(milliseconds(50), milliseconds(5000));
    while (!state->stopped) {
        const auto member = std::make_shared<Member>(tasks, state->options);
        const auto began = net::now();
        try {
            co_await connect(state, member);
            state->add(member);
        } catch (const Unavailable& error) {
            state->connecting_failed(error.why());
        }
        while (member->connection.open()) {
            co_await member->connection.closed_within(stable);
        }
        if (std::find(state->members.begin(), state->members.end(), member) !=
            state->members.end()) {
            state->remove(member);
        }
        if (net::now() - began > stable) {
            backoff.reset();
        }
        const milliseconds pause = backoff.next();
        co_await net::sleep_for(pause);
    }
}

asio::awaitable<QueryResult> Pool::query(Statement statement, Params params) {
    const std::shared_ptr<State> state = state_;
    net::Backoff backoff(milliseconds(10), milliseconds(200));
    const auto until = net::now() + state->options.wait_timeout;
    for (int attempt = 1;; ++attempt) {
        std::shared_ptr<Member> member = state->least_busy();
        while (!member) {
            co_await State::wait(state, until);
            member = state->least_busy();
        }
        // Between the choice and the sending nobody else runs, so no transaction can have taken it.
        QueryResult result = co_await member->connection.query(statement, params);
        const bool repeat = !result && classify(result.error().sqlstate) == SqlErrorClass::repeat;
        if (!repeat || attempt == most_attempts) {
            co_return result;
        }
        const milliseconds pause = backoff.next();
        co_await net::sleep_for(pause);
    }
}

asio::awaitable<Transaction> Pool::begin() {
    std::unique_ptr<Transaction::Lease> lease = co_await State::lease(state_);
    const std::shared_ptr<Member> member = lease->member;
    const std::string where = lease->state->where;
    Transaction transaction(std::move(lease));
    const Params none;
    const QueryResult begun = co_await member->connection.query("BEGIN", none);
    if (!begun) {
        throw Unavailable("postgres", where, describe(begun.error()));
    }
    co_return transaction;
}

asio::awaitable<bool> Pool::wait_until_available(milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    const auto until = net::now() + timeout;
    while (!state->least_busy()) {
        const auto left = std::chrono::ceil<milliseconds>(until - net::now());
        if (left.count() <= 0 || state->stopped) {
            co_return false;
        }
        co_await state->changed.wait_for(left);
    }
    co_return true;
}

bool Pool::available() const {
    return std::any_of(state_->members.begin(), state_->members.end(), [](const auto& member) {
        return member->connection.open();
    });
}

std::string Pool::last_error() const {
    return state_->last_error;
}

const std::string& Pool::where() const {
    return state_->where;
}

}  // namespace chatear::postgres
