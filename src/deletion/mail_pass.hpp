#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/pass.hpp"
#include "deletion/recovery_mailer.hpp"
#include "net/notification.hpp"
#include "net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace chatear::deletion {

/// Sends the recovery mails that are due, many side by side; one that takes long holds up nobody.
/// While what they need is down, one at a time finds out whether it is back.
class MailPass final : public Pass {
public:
    static constexpr std::size_t most_at_once = 64;

    /// Both must outlive it.
    MailPass(const asio::any_io_executor& executor, DeletionStore& store, RecoveryMailer& mailer)
        : store_(store), mailer_(mailer), ended_(executor), mails_(executor) {}

    asio::awaitable<std::chrono::milliseconds> run() override;
    void drain() override { draining_ = true; }
    asio::awaitable<void> finished() override;
    asio::awaitable<void> stop() override { return mails_.stop(); }

private:
    void begin(std::vector<MailJob> jobs);
    bool has_place() const;
    asio::awaitable<void> handle(MailJob job);
    asio::awaitable<RecoveryMailer::Handled> try_to_handle(MailJob job);

    DeletionStore& store_;
    RecoveryMailer& mailer_;
    // Of a deletion, by id: how many outages had been when its mail was begun.
    std::map<std::string, std::uint64_t> in_hand_;
    std::uint64_t outages_ = 0;
    std::size_t places_ = most_at_once;
    bool moved_ = false;   // Something happened: look again at once.
    bool outage_ = false;  // Unless something is down: then a little later.
    bool draining_ = false;
    net::Notification ended_;
    net::TaskGroup mails_;
};

}  // namespace chatear::deletion
