#include "notification/email_sender.hpp"

#include "base/error.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::notification {
namespace {

using namespace std::chrono_literals;
using runtime::Defer;
using runtime::Done;
using runtime::Hold;
using runtime::Outcome;
using runtime::Reject;
using runtime::Retry;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Asks for the content as a session would, and answers what the test says.
class FakeTransport final : public MailTransport {
public:
    asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
    ) override {
        envelopes.push_back(std::move(envelope));
        const Result<std::string> bytes = content(server);
        if (!bytes) {
            smtp::SendResult unsendable;
            unsendable.status = smtp::SendStatus::never;
            unsendable.reply.text = bytes.error().message;
            co_return unsendable;
        }
        contents.push_back(*bytes);
        for (int permission = 0; permission < asks; ++permission) {
            const bool granted = co_await before();
            permissions.push_back(granted);
        }
        if (goes_down) {
            throw Unavailable("smtp", "mx:25", "gone before anything left");
        }
        co_return result;
    }

    smtp::Capabilities server{};
    smtp::SendResult result{};
    int asks = 1;  // More than once: over one connection after the other.
    bool goes_down = false;
    std::vector<smtp::Envelope> envelopes;
    std::vector<std::string> contents;
    std::vector<bool> permissions;
};

class FakeLimits final : public Limits {
public:
    asio::awaitable<std::vector<LimitReply>> check(std::vector<LimitRequest> requests) override {
        asked.insert(asked.end(), requests.begin(), requests.end());
        if (down) {
            throw Unavailable("redis", "test:1", "down");
        }
        co_return std::vector<LimitReply>(requests.size(), reply);
    }

    LimitReply reply{};
    bool down = false;
    std::vector<LimitRequest> asked;
};

/// Lets every content begin.
class GrantingJudge final : public runtime::Judge {
public:
    asio::awaitable<runtime::ClaimReply> claim(
        const runtime::Event& /*event*/,
        std::uint64_t /*claim_no*/,
        std::vector<std::optional<std::string>> /*details*/
    ) override {
        co_return runtime::ClaimReply{};
    }
    asio::awaitable<runtime::Settlement> record(
        const runtime::Event& /*event*/,
        const runtime::Claim& /*claim*/,
        runtime::Verdict /*verdict*/,
        std::vector<std::optional<std::string>> /*details*/
    ) override {
        co_return runtime::Settlement{};
    }
    asio::awaitable<void> bury(runtime::OutboxRow /*dead_letter*/) override { co_return; }
    asio::awaitable<bool> begin_content(
        const runtime::Event& /*event*/, runtime::Claim& /*claim*/
    ) override {
        co_return grants;
    }
    asio::awaitable<std::uint32_t> begin_alone(const runtime::Event& /*event*/) override {
        co_return 0;
    }
    asio::awaitable<void> end_alone(const runtime::Event& /*event*/) override { co_return; }
    asio::awaitable<void> stop() override { co_return; }

    void content_answered(
        runtime::Claim& /*claim*/,
        bool accepted,
        std::string_view words,
        std::string_view /*recipient*/ = {}
    ) override {
        answered.push_back((accepted ? "accepted " : "not accepted ") + std::string(words));
    }

    bool grants = true;
    std::vector<std::string> answered;
};

class EmailSenderTest : public testing::Test {
protected:
    EmailSenderTest() {
        settings_.from = mail::parse_address("Shop <shop@a.test>").value();
        email_.recipient = mail::parse_address("ann@b.test").value();
        email_.subject = "Hello";
        email_.body = "Your order.";
        event_.event_id = "order-7";
        event_.message.subject = "email.send";
        transport_.result.status = smtp::SendStatus::accepted;
        transport_.result.reply.code = 250;
        transport_.result.reply.text = "2.0.0 queued";
    }

    EmailSender& sender() {
        if (!sender_) {
            sender_.emplace(
                context_.get_executor(),
                settings_,
                templates_,
                transport_,
                limits_,
                clock_,
                [this] { ++in_doubt_; }
            );
        }
        return *sender_;
    }

    runtime::Delivery delivery() {
        runtime::Claim claim;
        claim.reply.attempts = attempts_;
        state_ = std::make_shared<runtime::Delivery::State>(
            std::make_shared<const runtime::Event>(event_), std::move(claim), judge_
        );
        return runtime::Delivery(state_);
    }

    Outcome send() {
        Outcome outcome = Done{};
        const auto test = [&]() -> asio::awaitable<void> {
            EmailSend email = email_;
            runtime::Delivery given = delivery();
            outcome = co_await sender().send(email, std::move(given));
        };
        test::run_coroutine(context_, test);
        return outcome;
    }

    std::vector<runtime::DomainEvent> told(runtime::LedgerStatus status, const EmailSend* event) {
        const std::string reason = status == runtime::LedgerStatus::done ? "" : "no such user";
        const runtime::FinalVerdict verdict{status, reason, 3};
        return sender().subject_options().announce(event, delivery(), verdict);
    }

    asio::io_context context_;
    ManualClock clock_{Time(1'800'000'000s)};
    EmailSettings settings_;
    mail::Templates templates_ = mail::Templates::load("templates").value();
    FakeTransport transport_;
    FakeLimits limits_;
    GrantingJudge judge_;
    EmailSend email_;
    runtime::Event event_;
    std::uint32_t attempts_ = 0;
    std::shared_ptr<runtime::Delivery::State> state_;
    std::optional<EmailSender> sender_;
    int in_doubt_ = 0;
};
using Rule8EmailSender = EmailSenderTest;
using Rule11EmailSender = EmailSenderTest;
using Rule12EmailSender = EmailSenderTest;
using Rule13EmailSender = EmailSenderTest;
using Rule18EmailSender = EmailSenderTest;
using Rule21EmailSender = EmailSenderTest;

TEST_F(EmailSenderTest, WhatTheServerAcceptsIsDone) {
    EXPECT_TRUE(std::holds_alternative<Done>(send()));
    ASSERT_THAT(transport_.envelopes, SizeIs(1));
    EXPECT_EQ(transport_.envelopes[0].mail_from, "shop@a.test");
    EXPECT_EQ(transport_.envelopes[0].rcpt_to, "ann@b.test");
    EXPECT_THAT(transport_.contents[0], HasSubstr("Your order."));
    EXPECT_THAT(transport_.permissions, ElementsAre(true));
    EXPECT_THAT(
        state_->notes,
        ElementsAre(std::pair<std::string, std::string>("smtp_reply", "250 2.0.0 queued"))
    );
}

TEST_F(Rule18EmailSender, APermissionThatCameToNothingIsTakenBackBeforeAnOutageIsThrown) {
    transport_.goes_down = true;
    EXPECT_THROW((void)send(), Unavailable);
    EXPECT_FALSE(state_->content_begun) << "or the outage would be charged to the event";
    EXPECT_THAT(judge_.answered, ElementsAre(HasSubstr("not accepted gone before anything left")));
}

TEST_F(Rule18EmailSender, EachConnectionAsksForAPermissionOfItsOwn) {
    transport_.asks = 2;
    EXPECT_TRUE(std::holds_alternative<Done>(send()));
    EXPECT_THAT(
        judge_.answered,
        ElementsAre(HasSubstr("not accepted it did not leave"), HasSubstr("accepted 250"))
    );
    EXPECT_EQ(state_->contents, 1);
}

TEST_F(EmailSenderTest, ItsLogLineBearsNoAddress) {
    (void)send();
    for (const auto& [name, value] : state_->log_fields) {
        EXPECT_THAT(value, testing::Not(HasSubstr("ann"))) << name;
    }
    EXPECT_THAT(state_->log_fields, testing::Not(IsEmpty()));
}

TEST_F(Rule8EmailSender, EveryTryBearsTheSameMessageId) {
    (void)send();
    attempts_ = 4;
    event_.generation = 4;
    (void)send();
    const auto message_id = [](const std::string& content) {
        const std::size_t begin = content.find("Message-ID:");
        return content.substr(begin, content.find("\r\n", begin) - begin);
    };
    EXPECT_EQ(message_id(transport_.contents.at(0)), message_id(transport_.contents.at(1)));
    const auto details = sender().subject_options().claim_details(email_, event_);
    ASSERT_THAT(details, SizeIs(3));
    EXPECT_EQ(details[0], "ann@b.test");
    EXPECT_EQ(details[1], std::nullopt);
    EXPECT_THAT(transport_.contents[0], HasSubstr(*details[2]));
}

TEST_F(EmailSenderTest, WhatIsAskedForLaterWaitsOnce) {
    email_.send_at = clock_.now() + 1h;
    const Outcome first = send();
    ASSERT_TRUE(std::holds_alternative<Defer>(first));
    EXPECT_EQ(std::get<Defer>(first).until, *email_.send_at);
    EXPECT_THAT(transport_.envelopes, IsEmpty());
    event_.generation = 1;  // It has waited, by the database's clock: ours may be behind.
    EXPECT_TRUE(std::holds_alternative<Done>(send()));
}

TEST_F(Rule21EmailSender, WithoutALimitNobodyIsAsked) {
    (void)send();
    EXPECT_THAT(limits_.asked, IsEmpty());
}

TEST_F(Rule21EmailSender, OverALimitItWaitsForTheSlotThatIsKeptForIt) {
    settings_.rate_per_domain = Rate{1, 1s};
    limits_.reply.allowed = false;
    limits_.reply.until = clock_.now() + 3h;  // Redis' clock is ahead.
    limits_.reply.wait = 5s;
    limits_.reply.reason = "over the limit";
    attempts_ = 2;
    const Outcome outcome = send();
    ASSERT_TRUE(std::holds_alternative<Defer>(outcome));
    EXPECT_EQ(std::get<Defer>(outcome).after, 5s);
    ASSERT_THAT(limits_.asked, SizeIs(1));
    EXPECT_EQ(limits_.asked[0].event_id, "order-7");
    EXPECT_EQ(limits_.asked[0].attempts, 2);
    EXPECT_EQ(limits_.asked[0].recipient, "ann@b.test");
    EXPECT_EQ(limits_.asked[0].domain, "b.test");
    EXPECT_THAT(transport_.envelopes, IsEmpty());
}

TEST_F(Rule21EmailSender, LimitsThatCannotBeAskedLetNothingThrough) {
    settings_.rate_per_recipient = Rate{1, 1s};
    limits_.down = true;
    EXPECT_THROW(send(), Unavailable);
    EXPECT_THAT(transport_.envelopes, IsEmpty());
}

TEST_F(EmailSenderTest, ATemplateThatIsMissingIsRejected) {
    email_.template_name = "nothing_of_this_name";
    const Outcome outcome = send();
    ASSERT_TRUE(std::holds_alternative<Reject>(outcome));
    EXPECT_THAT(std::get<Reject>(outcome).reason, HasSubstr("nothing_of_this_name"));
    EXPECT_THAT(transport_.envelopes, IsEmpty());
}

TEST_F(EmailSenderTest, AnAddressThatTheServerCannotTakeIsNoMatterForLater) {
    email_.recipient = mail::parse_address("j\xc3\xb6rg@b.test").value();
    const Outcome outcome = send();
    ASSERT_TRUE(std::holds_alternative<Reject>(outcome));
    EXPECT_THAT(std::get<Reject>(outcome).reason, HasSubstr("SMTPUTF8"));
}

TEST_F(Rule13EmailSender, AContentWithoutAnAnswerIsCountedAndSentAgainOrHeld) {
    transport_.result.status = smtp::SendStatus::in_doubt;
    EXPECT_TRUE(std::holds_alternative<Retry>(send()));
    EXPECT_EQ(in_doubt_, 1);
    sender_.reset();
    settings_.on_ambiguity = OnAmbiguity::hold;
    EXPECT_TRUE(std::holds_alternative<Hold>(send()));
    EXPECT_EQ(in_doubt_, 2);
}

/// What a result of the mail server means; "Unavailable" where it is thrown.
std::string meaning(smtp::SendStatus status, bool content_began, bool held_back = false) {
    smtp::SendResult result;
    result.status = status;
    result.content_began = content_began;
    result.held_back = held_back;
    static constexpr const char* names[] = {"Done", "Retry", "Defer", "Reject", "Hold"};
    try {
        return names[outcome_of(result, OnAmbiguity::resend).index()];
    } catch (const Unavailable& unavailable) {
        return "Unavailable " + unavailable.dependency();
    }
}

TEST(Rule12EmailOutcome, OnceTheContentBeganNothingIsUnavailable) {
    using Status = smtp::SendStatus;
    for (const Status status :
         {Status::accepted,
          Status::try_later,
          Status::never,
          Status::sender_refused,
          Status::not_sent,
          Status::in_doubt}) {
        EXPECT_THAT(meaning(status, true), testing::Not(HasSubstr("Unavailable")));
    }
}

TEST(Rule18EmailOutcome, WhatNoMessageIsToBlameForChargesNone) {
    EXPECT_EQ(meaning(smtp::SendStatus::not_sent, false), "Unavailable smtp");
    EXPECT_EQ(meaning(smtp::SendStatus::sender_refused, false), "Unavailable smtp");
    EXPECT_EQ(meaning(smtp::SendStatus::not_sent, false, true), "Unavailable postgres");
    EXPECT_EQ(meaning(smtp::SendStatus::try_later, false), "Retry");
    EXPECT_EQ(meaning(smtp::SendStatus::never, false), "Reject");
}

TEST_F(Rule13EmailSender, TheJudgeHearsAtOnceWhatTheServerSaidToAContent) {
    send();
    EXPECT_THAT(judge_.answered, ElementsAre("accepted 250 2.0.0 queued"));
    transport_.result.status = smtp::SendStatus::never;
    transport_.result.reply.code = 554;
    transport_.result.reply.text = "5.7.1 spam";
    send();
    EXPECT_THAT(judge_.answered, ElementsAre(testing::_, "not accepted 554 5.7.1 spam"));
    transport_.result.status = smtp::SendStatus::in_doubt;
    send();
    EXPECT_THAT(judge_.answered, SizeIs(2)) << "nobody knows";
}

TEST_F(EmailSenderTest, OthersAreToldOfFailuresUnlessToldOtherwise) {
    const auto failed = told(runtime::LedgerStatus::failed, &email_);
    ASSERT_THAT(failed, SizeIs(1));
    EXPECT_EQ(failed[0].subject, "email.failed");
    const auto payload = boost::json::parse(failed[0].payload);
    EXPECT_EQ(payload.at("event_id").as_string(), "order-7");
    EXPECT_EQ(payload.at("recipient").as_string(), "ann@b.test");
    EXPECT_EQ(payload.at("reason").as_string(), "no such user");
    EXPECT_EQ(payload.at("attempts").as_int64(), 3);
    EXPECT_THAT(told(runtime::LedgerStatus::done, &email_), IsEmpty());
    EXPECT_THAT(told(runtime::LedgerStatus::failed, nullptr), SizeIs(1)) << "it was no e-mail";
}

TEST_F(EmailSenderTest, AllEndsOrNoneAreToldAsConfigured) {
    settings_.told = ToldEvents::all;
    const auto sent = told(runtime::LedgerStatus::done, &email_);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].subject, "email.sent");
    EXPECT_THAT(sent[0].payload, HasSubstr("sent_at"));
    sender_.reset();
    settings_.told = ToldEvents::none;
    EXPECT_THAT(told(runtime::LedgerStatus::failed, &email_), IsEmpty());
}

}  // namespace
}  // namespace chatear::notification
