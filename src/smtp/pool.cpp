#include "smtp/pool.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <utility>

namespace chatear::smtp {

namespace {

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
    fail_waiting();
    const auto until = net::now() + drain;
    auto left = drain;
    while (busy() > 0 && left.count() > 0) {
        (void)co_await changed_.wait_for(left);
        left = std::chrono::ceil<std::chrono::milliseconds>(until - net::now());
    }
    const std::vector<std::shared_ptr<Carrier>> still_there = carriers_;
    for (const std::shared_ptr<Carrier>& carrier : still_there) {
        if (carrier->idle()) {
            carrier->retire();
        } else {
            carrier->close();
        }
    }
    while (!carriers_.empty()) {
        co_await changed_.wait();
    }
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
    const std::uint64_t turn = ++last_turn_;
    SendResult result;
    int fresh = 0;
    ChunkingTries tries;
    // Connections that were used before may have been closed meanwhile, or come to their end before
    // its place in their windows: each of them, and each that replaced one.
    int stale = 0;
    const int most_stale = 2 * static_cast<int>(options_->connections);
    while (fresh < max_tries && stale <= most_stale) {
        throw_unless_available();
        Submission message(executor_, envelope, content, before, [this](Submission& left) {
            std::erase(waiting_, &left);
        });
        message.turn = turn;
        message.by_data = tries.by_data;
        queue(message);
        dispatch();
        co_await see_through(message, before);
        result = message.result();
        learn_of_chunking(tries, result, message.on_used_connection());
        if (!message.may_be_repeated()) {
            co_return result;
        }
        ++(message.on_used_connection() ? stale : fresh);
    }
    count(SendStatus::not_sent);
    const std::string why = describe(result);
    if (health_.verdicts() == verdicts_before) {
        turn_unavailable(Culprit::unavailable, why);
    }
    throw Unavailable("smtp", where(), why);
}

/// Returns when `message` has a result.
asio::awaitable<void> Pool::see_through(Submission& message, const BeforeContent& before) {
    Submission::Event event = co_await message.next_event();
    while (event == Submission::Event::asked) {
        const bool granted = co_await before.later();
        message.answer(granted);
        event = co_await message.next_event();
    }
    if (message.failure()) {
        std::rethrow_exception(message.failure());
    }
}

void Pool::note(const SendResult& result) {
    count(result.status);
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
    counters.busy = busy();
    counters.allowed = allowance_.allowed();
    counters.merging = merging_;
    counters.chunking = chunking_;
    return counters;
}

void Pool::throw_unless_available() const {
    if (stopping_ || !started_) {
        throw Unavailable("smtp", where(), "the pool is not running");
    }
    if (!health_.available()) {
        throw Unavailable("smtp", where(), health_.last_error());
    }
}

/// Those that nobody has taken.
void Pool::fail_waiting() {
    const std::string why = stopping_ ? "the pool is not running" : health_.last_error();
    for (Submission* message : std::exchange(waiting_, {})) {
        message->fail(std::make_exception_ptr(Unavailable("smtp", where(), why)));
    }
}

std::size_t Pool::live() const {
    return static_cast<std::size_t>(std::count_if(
        carriers_.begin(), carriers_.end(), [](const auto& carrier) { return carrier->usable(); }
    ));
}

std::size_t Pool::busy() const {
    return static_cast<std::size_t>(std::count_if(
        carriers_.begin(), carriers_.end(), [](const auto& carrier) { return !carrier->idle(); }
    ));
}

std::string Pool::where() const {
    return options_->host + ':' + std::to_string(options_->port);
}

}  // namespace chatear::smtp
