#include "deletion/mail_pass.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace chatear::deletion {

using std::chrono::milliseconds;

asio::awaitable<milliseconds> MailPass::run() {
    std::vector<MailJob> jobs = co_await store_.due_mails(most_at_once);
    moved_ = false;
    for (MailJob& job : jobs) {
        mails_.start("recovery mail", handle(std::move(job)));
    }
    co_await mails_.join();
    if (moved_) {
        co_return milliseconds(0);
    }
    const std::optional<milliseconds> due = co_await store_.until_next_due();
    co_return wait_for(due);
}

/// What goes wrong with one must not keep the others.
asio::awaitable<void> MailPass::handle(MailJob job) {
    const std::string id = job.deletion.id;
    try {
        const bool moved = co_await mailer_.handle(std::move(job));
        moved_ = moved_ || moved;
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
}

}  // namespace chatear::deletion
