#include "deletion/mail_pass.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/timer.hpp"

#include <optional>
#include <utility>

namespace chatear::deletion {
namespace {

using std::chrono::milliseconds;

// After the first that ends, for others that end soon: they are looked up together.
constexpr milliseconds gathering{20};

}  // namespace

asio::awaitable<milliseconds> MailPass::run() {
    std::vector<MailJob> jobs = co_await store_.due_mails(most_at_once + in_hand_.size());
    begin(std::move(jobs));
    if (!in_hand_.empty() && !moved_) {
        (void)co_await ended_.wait_for(shortest_wait);
        co_await net::sleep_for(gathering);
    }
    if (std::exchange(moved_, false)) {
        co_return milliseconds(0);
    }
    if (!in_hand_.empty()) {
        co_return shortest_wait;
    }
    const std::optional<milliseconds> due = co_await store_.until_next_due();
    co_return wait_for(due);
}

void MailPass::begin(std::vector<MailJob> jobs) {
    for (MailJob& job : jobs) {
        if (draining_ || in_hand_.size() >= most_at_once) {
            break;
        }
        if (in_hand_.insert(job.deletion.id).second) {
            mails_.start("recovery mail", handle(std::move(job)));
        }
    }
}

asio::awaitable<void> MailPass::finished() {
    while (!in_hand_.empty()) {
        co_await ended_.wait();
    }
}

asio::awaitable<void> MailPass::handle(MailJob job) {
    const std::string id = job.deletion.id;
    const bool moved = co_await try_to_handle(std::move(job));
    moved_ = moved_ || moved;
    in_hand_.erase(id);
    ended_.notify_all();
}

/// What goes wrong with one must not keep the others.
asio::awaitable<bool> MailPass::try_to_handle(MailJob job) {
    const std::string id = job.deletion.id;
    try {
        co_return co_await mailer_.handle(std::move(job));
    } catch (const Unavailable& unavailable) {
        log::debug("a recovery mail waits", {{"deletion_id", id}, {"reason", unavailable.what()}});
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        log::error(
            "a recovery mail could not be worked on; it is tried again",
            {{"deletion_id", id}, {"reason", error.what()}}
        );
    }
    co_return false;
}

}  // namespace chatear::deletion
