#pragma once

#include "base/assert.hpp"
#include "base/error.hpp"
#include "net/completion.hpp"
#include "net/moment.hpp"
#include "net/task_group.hpp"
#include "net/timer.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// How long a batch waits for company. Only after a batch of several, and only while in each
/// `tick` another request comes: so who is alone waits for nothing, and a few that go in step lose
/// a tick.
struct Patience {
    std::size_t enough = 0;               ///< As many do not wait for more.
    std::chrono::milliseconds longest{};  ///< For all of it.
    std::chrono::milliseconds tick{1};
};

/// Gathers what all running handlers await in one turn of the loop and carries it out as one batch:
/// one statement, one script, one write. While a batch is under way the next one gathers, so
/// batches grow with the load, and an idle one waits for nothing. Where each batch has a price of
/// its own, as a statement has, it may be given Patience: under load it then gathers longer. Where
/// batches can be carried out beside each other, several may be under way: one beside another is
/// always a full one, so that they stay as few as they can be.
///
/// A batch that throws Unavailable fails all its requests with it. A batch that throws anything
/// else (a defect of one request's data) is split in halves until only the guilty request fails.
template <typename Request, typename Reply>
class Coalescer {
public:
    /// Carries out a batch: one reply for each request, in their order.
    using Flush = std::function<asio::awaitable<std::vector<Reply>>(std::vector<Request>)>;

    /// `name` is for the log of a defect. At most `most` requests in a batch, and `at_once` batches
    /// under way, which then end in any order.
    Coalescer(
        const asio::any_io_executor& executor,
        std::string name,
        std::size_t most,
        Flush flush,
        Patience patience = {},
        std::size_t at_once = 1
    )
        : state_(std::make_shared<State>(std::move(name), most, std::move(flush), patience, at_once)
          ),
          tasks_(executor) {}

    /// Its part of the batch's answer. Throws what its batch threw.
    asio::awaitable<Reply> call(Request request) {
        if (tasks_.stopping()) {
            throw boost::system::system_error(asio::error::operation_aborted);
        }
        const auto entry = std::make_shared<Entry>(tasks_.executor(), std::move(request));
        state_->waiting.push_back(entry);
        if (state_->running < state_->at_once && state_->next_is_due(state_->running)) {
            ++state_->running;
            tasks_.start(state_->name, run(state_));
        }
        co_return co_await entry->reply.wait();
    }

    /// Fails what waits, with operation_aborted, and returns when nothing is under way.
    asio::awaitable<void> stop() {
        const std::shared_ptr<State> state = state_;
        co_await tasks_.stop();
        const auto aborted =
            std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
        state->waiting.insert(
            state->waiting.end(), state->under_way.begin(), state->under_way.end()
        );
        for (const auto& entry : std::exchange(state->waiting, {})) {
            if (!entry->reply.finished()) {
                entry->reply.set_exception(aborted);
            }
        }
    }

    std::size_t waiting() const { return state_->waiting.size(); }
    std::uint64_t batches() const { return state_->batches; }
    std::uint64_t requests() const { return state_->requests; }

private:
    struct Entry {
        Entry(const asio::any_io_executor& executor, Request it)
            : request(std::move(it)), reply(executor) {}
        Request request;
        net::Completion<Reply> reply;
    };
    using Entries = std::vector<std::shared_ptr<Entry>>;

    struct State {
        State(
            std::string its_name,
            std::size_t at_most,
            Flush how,
            Patience its_patience,
            std::size_t most_at_once
        )
            : name(std::move(its_name)),
              most(at_most),
              flush(std::move(how)),
              patience(its_patience),
              at_once(most_at_once) {}

        bool next_is_due(std::size_t beside) const {
            return beside == 0 ? !waiting.empty() : waiting.size() >= most;
        }

        std::string name;
        std::size_t most;
        Flush flush;
        Patience patience;
        std::size_t at_once;
        std::deque<std::shared_ptr<Entry>> waiting;
        Entries under_way;        // Of the batches that are carried out, answered or not.
        std::size_t last = 0;     // Requests of the batch before.
        std::size_t running = 0;  // Batches that gather or are under way.
        std::uint64_t batches = 0;
        std::uint64_t requests = 0;
    };

    static asio::awaitable<void> run(std::shared_ptr<State> state) {
        while (state->next_is_due(state->running - 1)) {
            co_await gather(state);
            const std::size_t count = std::min(state->waiting.size(), state->most);
            if (count == 0) {
                continue;  // While this one gathered, a full one beside it took them all.
            }
            state->last = count;
            const auto end = state->waiting.begin() + static_cast<std::ptrdiff_t>(count);
            Entries batch(state->waiting.begin(), end);
            state->waiting.erase(state->waiting.begin(), end);
            state->under_way.insert(state->under_way.end(), batch.begin(), batch.end());
            co_await carry_out(state, std::move(batch));
            std::erase_if(state->under_way, [](const auto& entry) {
                return entry->reply.finished();
            });
        }
        --state->running;
    }

    static asio::awaitable<void> gather(std::shared_ptr<State> state) {
        const Patience patience = state->patience;
        const net::Moment end = net::now() + patience.longest;
        std::size_t seen = state->last > 1 ? 0 : patience.enough;
        while (seen < state->waiting.size() && state->waiting.size() < patience.enough &&
               net::now() < end) {
            seen = state->waiting.size();
            co_await net::sleep_for(patience.tick);
        }
    }

    static asio::awaitable<void> carry_out(std::shared_ptr<State> state, Entries batch) {
        std::vector<Request> requests;
        requests.reserve(batch.size());
        for (const auto& entry : batch) {
            requests.push_back(entry->request);
        }
        std::exception_ptr thrown;
        bool split = false;
        try {
            ++state->batches;
            state->requests += batch.size();
            std::vector<Reply> replies = co_await state->flush(std::move(requests));
            CHATEAR_ASSERT(replies.size() == batch.size());
            for (std::size_t i = 0; i < batch.size(); ++i) {
                batch[i]->reply.set_value(std::move(replies[i]));
            }
        } catch (const Unavailable&) {
            thrown = std::current_exception();
        } catch (const std::exception& error) {
            thrown = std::current_exception();
            split = batch.size() > 1 && !net::is_stop(error);
        }
        if (split) {
            const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
            Entries second(middle, batch.end());
            batch.erase(middle, batch.end());
            co_await carry_out(state, std::move(batch));
            co_await carry_out(state, std::move(second));
        } else if (thrown) {
            for (const auto& entry : batch) {
                entry->reply.set_exception(thrown);
            }
        }
    }

    std::shared_ptr<State> state_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::runtime
