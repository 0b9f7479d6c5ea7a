#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/pass.hpp"
#include "deletion/recovery_mailer.hpp"
#include "net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>

namespace chatear::deletion {

/// Sends the recovery mails that are due, many side by side.
class MailPass final : public Pass {
public:
    static constexpr std::size_t most_at_once = 64;

    /// Both must outlive it.
    MailPass(const asio::any_io_executor& executor, DeletionStore& store, RecoveryMailer& mailer)
        : store_(store), mailer_(mailer), mails_(executor) {}

    asio::awaitable<std::chrono::milliseconds> run() override;
    void drain() override {}
    asio::awaitable<void> stop() override { return mails_.stop(); }

private:
    asio::awaitable<void> handle(MailJob job);

    DeletionStore& store_;
    RecoveryMailer& mailer_;
    bool moved_ = false;  // Something happened in this pass: look again at once.
    net::TaskGroup mails_;
};

}  // namespace chatear::deletion
