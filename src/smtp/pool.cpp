#include "smtp/pool.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <utility>

namespace chatear::smtp {

/// One caller that waits for a session; lives in the frame of its acquire(), which may be destroyed
/// at any await.
struct Pool::Waiter {
    explicit Waiter(Pool& owner) : pool(owner), ready(owner.executor_) {
        pool.waiting_.push_back(this);
    }

    ~Waiter() {
        std::erase(pool.waiting_, this);
        if (session) {
            pool.give_back(std::move(session));
        }
    }

    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    Pool& pool;
    net::Notification ready;
    std::unique_ptr<Session> session;
    bool failed = false;
};

/// A session in use; goes back to the pool, which keeps it if it is still usable.
class Pool::Lease {
public:
    Lease(Pool& pool, std::unique_ptr<Session> session)
        : pool_(pool), session_(std::move(session)) {}
    ~Lease() { pool_.give_back(std::move(session_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Session& session() { return *session_; }

private:
    Pool& pool_;
    std::unique_ptr<Session> session_;
};

namespace {

/// A connection that has carried mails before is told at the begin of the next one that it is at
/// its end: messages a connection, idle time. Whether the server is busy a new one shows.
bool is_about_used_connection(const SendResult& result) {
    return result.step == Step::mail || result.step == Step::reset;
}

/// The message may be given to another connection: nobody judged it, and its content did not begin.
bool may_try_again(const SendResult& result, bool connection_was_used) {
    if (result.content_began || result.held_back) {
        return false;
    }
    const bool tired = result.status == SendStatus::try_later && connection_was_used &&
                       is_about_used_connection(result);
    return tired || result.status == SendStatus::not_sent;
}

std::string describe(const SendResult& result) {
    return std::string(to_text(result.step)) + ": " + result.reply.one_line();
}

SendResult refused_before_wire(const Error& error) {
    SendResult result;
    result.status = SendStatus::never;
    result.culprit = Culprit::never_recipient;
    result.reply.text = error.message;
    return result;
}

}  // namespace

Pool::Pool(const asio::any_io_executor& executor, Options options)
    : executor_(executor),
      options_(std::make_shared<const Options>(std::move(options))),
      resolver_(executor),
      allowance_(options_->connections),
      backoff_(options_->backoff_first, options_->backoff_most),
      pause_(options_->pause_first, options_->pause_most),
      changed_(executor),
      tasks_(executor) {}

Pool::~Pool() = default;

void Pool::start() {
    CHATEAR_ASSERT(!started_);
    started_ = true;
    tasks_.start("smtp recover", recover());
    tasks_.start("smtp reap", reap());
    ++connecting_;
    tasks_.start("smtp connect", connect_one());
}

asio::awaitable<void> Pool::stop(std::chrono::milliseconds drain) {
    stopping_ = true;
    wake_waiters();
    const auto until = net::now() + drain;
    auto left = drain;
    while (!busy_.empty() && left.count() > 0) {
        (void)co_await changed_.wait_for(left);
        left = std::chrono::ceil<std::chrono::milliseconds>(until - net::now());
    }
    for (Session* session : busy_) {
        session->close();
    }
    while (!busy_.empty()) {
        co_await changed_.wait();
    }
    net::TaskGroup goodbyes(executor_);
    while (!idle_.empty()) {
        std::shared_ptr<Session> session = std::move(idle_.back().session);
        idle_.pop_back();
        goodbyes.start("smtp quit", retire(std::move(session)));
    }
    co_await goodbyes.join();
    co_await tasks_.stop();
}

asio::awaitable<SendResult> Pool::send(
    Envelope envelope, ContentSource content, BeforeContent before
) {
    const Result<void> safe = check(envelope);
    if (!safe) {
        co_return refused_before_wire(safe.error());
    }
    const std::uint64_t verdicts_before = health_.verdicts();
    SendResult result;
    int fresh = 0;
    std::size_t stale = 0;  // Connections that were used before may have been closed meanwhile.
    while (fresh < max_tries && stale <= options_->connections) {
        std::unique_ptr<Session> acquired = co_await acquire();
        Lease lease(*this, std::move(acquired));
        const bool used = lease.session().mails() > 0;
        result = co_await lease.session().send(envelope, content, before);
        if (!may_try_again(result, used)) {
            note(result);
            co_return result;
        }
        fresh += used ? 0 : 1;
        stale += used ? 1 : 0;
        if (asks_for_less(result.reply) && !(used && is_about_used_connection(result))) {
            allowance_.on_asked_for_less(live());
        }
        lease.session().close();
    }
    count(SendStatus::not_sent);
    const std::string why = describe(result);
    if (health_.verdicts() == verdicts_before) {
        turn_unavailable(Culprit::unavailable, why);
    }
    throw Unavailable("smtp", options_->host + ':' + std::to_string(options_->port), why);
}

void Pool::note(const SendResult& result) {
    count(result.status);
    if (asks_for_less(result.reply)) {
        allowance_.on_asked_for_less(live());
    }
    if (result.status == SendStatus::accepted) {
        allowance_.on_accepted();
        pause_.reset();
        backoff_.reset();
    }
    const bool was_available = health_.available();
    health_.on_result(result);
    if (was_available && !health_.available()) {
        turn_unavailable(Culprit::sender_or_server, describe(result));
    }
}

void Pool::count(SendStatus status) {
    switch (status) {
        case SendStatus::accepted:
            ++counters_.accepted;
            return;
        case SendStatus::try_later:
            ++counters_.try_later;
            return;
        case SendStatus::never:
            ++counters_.never;
            return;
        case SendStatus::sender_refused:
            ++counters_.sender_refused;
            return;
        case SendStatus::not_sent:
            ++counters_.not_sent;
            return;
        case SendStatus::in_doubt:
            ++counters_.in_doubt;
            return;
    }
}

Counters Pool::counters() const {
    Counters counters = counters_;
    counters.open = live();
    counters.busy = busy_.size();
    counters.allowed = allowance_.allowed();
    return counters;
}

void Pool::throw_unless_available() const {
    const std::string where = options_->host + ':' + std::to_string(options_->port);
    if (stopping_ || !started_) {
        throw Unavailable("smtp", where, "the pool is not running");
    }
    if (!health_.available()) {
        throw Unavailable("smtp", where, health_.last_error());
    }
}

asio::awaitable<std::unique_ptr<Session>> Pool::acquire() {
    throw_unless_available();
    std::unique_ptr<Session> idle = take_idle();
    if (idle) {
        co_return std::move(idle);
    }
    Waiter waiter(*this);
    grow();
    while (!waiter.session && !waiter.failed) {
        co_await waiter.ready.wait();
    }
    if (!waiter.session) {
        throw_unless_available();
        throw Unavailable("smtp", options_->host, health_.last_error());
    }
    co_return std::move(waiter.session);
}

std::unique_ptr<Session> Pool::take_idle() {
    if (idle_.empty() || !waiting_.empty()) {
        return nullptr;
    }
    std::unique_ptr<Session> session = std::move(idle_.back().session);
    idle_.pop_back();
    busy_.insert(session.get());
    return session;
}

void Pool::give_back(std::unique_ptr<Session> session) {
    busy_.erase(session.get());
    changed_.notify_all();
    if (!session->usable()) {
        const Extensions& extensions = session->extensions();
        const bool used_up = extensions.max_mails && session->mails() >= *extensions.max_mails;
        if (used_up) {
            tasks_.start("smtp quit", retire(std::move(session)));
        } else {
            ++counters_.lost_connections;
            log::info(
                "a connection to the mail server ended",
                {{"peer", options_->host}, {"mails", session->mails()}}
            );
        }
        grow();
        return;
    }
    if (stopping_ || live() < allowance_.allowed()) {
        hand_out(std::move(session));
    } else {
        tasks_.start("smtp quit", retire(std::move(session)));
    }
}

void Pool::hand_out(std::unique_ptr<Session> session) {
    if (stopping_ || waiting_.empty()) {
        idle_.push_back(Idle{std::move(session), net::now()});
        return;
    }
    Waiter* first = waiting_.front();
    waiting_.pop_front();
    busy_.insert(session.get());
    first->session = std::move(session);
    first->ready.notify_all();
}

void Pool::wake_waiters() {
    for (Waiter* waiter : waiting_) {
        waiter->failed = true;
        waiter->ready.notify_all();
    }
    waiting_.clear();
}

}  // namespace chatear::smtp
