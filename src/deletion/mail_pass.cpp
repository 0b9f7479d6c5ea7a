#include "deletion/mail_pass.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/timer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace chatear::deletion {
namespace {

using std::chrono::milliseconds;

// After the first that ends, for others that end soon: they are looked up together.
constexpr milliseconds gathering{20};

}  // namespace

asio::awaitable<milliseconds> MailPass::run() {
    std::vector<MailJob> jobs = co_await store_.due_mails(places_ + in_hand_.size());
    begin(std::move(jobs));
    if (!in_hand_.empty() && !moved_ && !outage_) {
        (void)co_await ended_.wait_for(shortest_wait);
        co_await net::sleep_for(gathering);
    }
    const bool moved = std::exchange(moved_, false);
    const bool outage = std::exchange(outage_, false);
    if (moved && !outage) {
        co_return milliseconds(0);
    }
    if (outage || !in_hand_.empty()) {
        co_return shortest_wait;
    }
    const std::optional<milliseconds> due = co_await store_.until_next_due();
    co_return wait_for(due);
}

void MailPass::begin(std::vector<MailJob> jobs) {
    for (MailJob& job : jobs) {
        if (draining_ || !has_place()) {
            break;
        }
        if (in_hand_.emplace(job.deletion.id, outages_).second) {
            mails_.start("recovery mail", handle(std::move(job)));
        }
    }
}

/// What was under way before an outage finds out nothing about it, and may take long.
bool MailPass::has_place() const {
    const auto since = std::ranges::count_if(in_hand_, [this](const auto& mail) {
        return mail.second == outages_;
    });
    return in_hand_.size() < most_at_once && static_cast<std::size_t>(since) < places_;
}

asio::awaitable<void> MailPass::finished() {
    while (!in_hand_.empty()) {
        co_await ended_.wait();
    }
}

asio::awaitable<void> MailPass::handle(MailJob job) {
    const std::string id = job.deletion.id;
    const RecoveryMailer::Handled handled = co_await try_to_handle(std::move(job));
    if (handled == RecoveryMailer::Handled::moved) {
        moved_ = true;
        places_ = most_at_once;
    } else if (handled == RecoveryMailer::Handled::outage) {
        outage_ = true;
        places_ = 1;
        ++outages_;
    } else {
        places_ = most_at_once;  // Whatever kept this one is its own.
    }
    in_hand_.erase(id);
    ended_.notify_all();
}

/// What goes wrong with one must not keep the others.
asio::awaitable<RecoveryMailer::Handled> MailPass::try_to_handle(MailJob job) {
    const std::string id = job.deletion.id;
    RecoveryMailer::Handled handled = RecoveryMailer::Handled::nothing;
    try {
        handled = co_await mailer_.handle(std::move(job));
    } catch (const Unavailable& unavailable) {
        handled = RecoveryMailer::Handled::outage;
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
    co_return handled;
}

}  // namespace chatear::deletion
