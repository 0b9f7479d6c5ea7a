// One recovery mailer over everything that the tests say.
#pragma once

#include "deletion/recovery_mailer.hpp"
#include "fakes.hpp"
#include "mail/templates.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <string>

namespace chatear::deletion {

inline const std::string address = "ann@example.test";

/// Its job is the first mail of deletion "d1", to `address`.
class Mailer : public testing::Test {
protected:
    Mailer() {
        settings_.from = *mail::parse_address("Chatear <no-reply@chatear.test>");
        settings_.recovery_url = "https://chat.example.test/recover";
        clock_.advance(seconds(1));
        gate_.renewed(clock_.boot_time());
        job_.deletion.id = "d1";
        job_.deletion.user_id = "7";
        job_.deletion.next_mail_at = at(12);
        job_.user = User{.id = "7", .email = address};
    }

    using Handled = RecoveryMailer::Handled;

    Handled handle() {
        RecoveryMailer mailer(
            {store_, limits_, local_times_, judge_, gate_, transport_, templates_, clock_},
            settings_,
            {[this](const Change&) { ++changes_; }, [this](const std::string&) { ++duplicates_; }}
        );
        asio::io_context context;
        Handled handled = Handled::nothing;
        const auto body = [&]() -> asio::awaitable<void> {
            handled = co_await mailer.handle(job_);
        };
        test::run_coroutine(context, body);
        EXPECT_FALSE(mailer.content_in_hand());
        return handled;
    }

    MailRecord& record(runtime::LedgerStatus status) {
        job_.record.emplace();
        job_.record->status = status;
        job_.record->recipient = address;
        return *job_.record;
    }

    void take_slot(const std::string& holder) {
        EXPECT_TRUE(store_.slots.take("7", holder, 2, store_.day.now));
    }

    const Change& only_change() const {
        EXPECT_EQ(store_.applied.size(), 1U);
        return store_.applied.at(0);
    }

    FakeDeletionStore store_;
    test::MemoryDailyLimits limits_;
    FakeLocalTimes local_times_;
    FakeMailJudge judge_;
    ManualClock clock_{at(3)};
    runtime::ContentGate gate_{clock_};
    ScriptedTransport transport_;
    const mail::Templates templates_ = *mail::Templates::load("templates");
    RecoveryMailer::Settings settings_;
    MailJob job_;
    int changes_ = 0;
    int duplicates_ = 0;
};

}  // namespace chatear::deletion
