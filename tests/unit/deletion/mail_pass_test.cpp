#include "deletion/mail_pass.hpp"

#include "fakes.hpp"
#include "net/notification.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

/// Keeps the mails to slow@example.test until it is told to let them go.
class SlowTransport final : public notification::MailTransport {
public:
    explicit SlowTransport(const asio::any_io_executor& executor) : changed_(executor) {}

    asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource /*content*/, smtp::BeforeContent /*before*/
    ) override {
        begun.push_back(envelope.rcpt_to);
        while (envelope.rcpt_to == "slow@example.test" && !let_go) {
            co_await changed_.wait();
        }
        ended.push_back(envelope.rcpt_to);
        co_return ScriptedTransport::accepted();
    }
    void let_them_go() {
        let_go = true;
        changed_.notify_all();
    }

    bool let_go = false;
    std::vector<std::string> begun;
    std::vector<std::string> ended;

private:
    net::Notification changed_;
};

class Mails : public testing::Test {
protected:
    static RecoveryMailer::Settings settings() {
        RecoveryMailer::Settings made;
        made.from = *mail::parse_address("Chatear <no-reply@chatear.test>");
        made.recovery_url = "https://chat.example.test/recover";
        made.daily_limit = 1000;
        return made;
    }

    static MailJob job(const std::string& name) {
        MailJob made;
        made.deletion.id = name;
        made.deletion.user_id = name;
        made.user = User{.id = name, .email = name + "@example.test"};
        return made;
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await body();
            transport_.let_them_go();
            co_await pass_.finished();
            co_await pass_.stop();
        };
        test::run_coroutine(context_, whole);
    }

    asio::io_context context_;
    FakeDeletionStore store_;
    test::MemoryDailyLimits limits_;
    FakeLocalTimes local_times_;
    FakeMailJudge judge_;
    ManualClock clock_{at(3)};
    runtime::ContentGate gate_{clock_};
    SlowTransport transport_{context_.get_executor()};
    const mail::Templates templates_ = *mail::Templates::load("templates");
    RecoveryMailer mailer_{
        {store_, limits_, local_times_, judge_, gate_, transport_, templates_, clock_},
        settings(),
        {[](const Change&) {}, [](const std::string&) {}}};
    MailPass pass_{context_.get_executor(), store_, mailer_};
};

TEST_F(Mails, OneThatTakesLongHoldsUpNobody) {
    const auto body = [&]() -> asio::awaitable<void> {
        store_.mails = {job("slow"), job("ann")};
        const milliseconds wait = co_await pass_.run();
        EXPECT_EQ(wait, milliseconds(0));
        store_.mails = {job("slow"), job("bob")};
        (void)co_await pass_.run();
        EXPECT_THAT(transport_.ended, ElementsAre("ann@example.test", "bob@example.test"));
    };
    run(body);
    EXPECT_THAT(
        transport_.begun,
        UnorderedElementsAre("slow@example.test", "ann@example.test", "bob@example.test")
    );
}

TEST_F(Mails, NoMoreThanSoManyAtOnce) {
    const auto body = [&]() -> asio::awaitable<void> {
        for (std::size_t i = 0; i < MailPass::most_at_once + 10; ++i) {
            MailJob one = job("slow");
            one.deletion.id = "d" + std::to_string(i);
            store_.mails.push_back(std::move(one));
        }
        const milliseconds wait = co_await pass_.run();
        EXPECT_EQ(wait, Pass::shortest_wait);
        EXPECT_THAT(transport_.begun, SizeIs(MailPass::most_at_once));
    };
    run(body);
}

TEST_F(Mails, NothingBeginsWhileTheProcessStopsAndWhatIsUnderWayEnds) {
    const auto body = [&]() -> asio::awaitable<void> {
        store_.mails = {job("slow")};
        (void)co_await pass_.run();
        pass_.drain();
        store_.mails = {job("ann")};
        (void)co_await pass_.run();
        EXPECT_THAT(transport_.begun, ElementsAre("slow@example.test"));
    };
    run(body);
    EXPECT_THAT(transport_.ended, ElementsAre("slow@example.test"));
    EXPECT_THAT(judge_.recorded, SizeIs(1));
}

TEST_F(Mails, Rule12WhileSomethingIsDownOneAtATimeFindsOutWhetherItIsBack) {
    limits_.down = true;
    const auto body = [&]() -> asio::awaitable<void> {
        store_.mails = {job("ann"), job("bob"), job("cid")};
        const milliseconds down = co_await pass_.run();
        EXPECT_EQ(down, Pass::shortest_wait);
        EXPECT_THAT(judge_.recorded, SizeIs(3));
        store_.mails = {job("ann"), job("bob"), job("cid")};
        const milliseconds still_down = co_await pass_.run();
        EXPECT_EQ(still_down, Pass::shortest_wait);
        EXPECT_THAT(judge_.recorded, SizeIs(4));
        limits_.down = false;
        store_.mails = {job("ann"), job("bob"), job("cid")};
        const milliseconds back = co_await pass_.run();
        EXPECT_EQ(back, milliseconds(0));
        store_.mails = {job("bob"), job("cid")};
        (void)co_await pass_.run();
        EXPECT_THAT(transport_.ended, SizeIs(3));
    };
    run(body);
}

TEST_F(Mails, Rule12OneThatStaysBehindKeepsNoOthersAfterAnOutage) {
    const auto body = [&]() -> asio::awaitable<void> {
        limits_.down = true;
        store_.mails = {job("ann")};
        (void)co_await pass_.run();
        limits_.down = false;
        judge_.reply.answer = runtime::ClaimAnswer::held;
        store_.mails = {job("elsewhere")};
        (void)co_await pass_.run();
        judge_.reply.answer = runtime::ClaimAnswer::granted;
        store_.mails = {job("ann"), job("bob"), job("cid")};
        (void)co_await pass_.run();
        EXPECT_THAT(transport_.ended, SizeIs(3));
    };
    run(body);
}

TEST_F(Mails, Rule12OneThatTakesLongSinceBeforeAnOutageKeepsNoOthersAfterIt) {
    const auto body = [&]() -> asio::awaitable<void> {
        store_.mails = {job("slow")};
        (void)co_await pass_.run();
        limits_.down = true;
        store_.mails = {job("slow"), job("ann")};
        (void)co_await pass_.run();
        limits_.down = false;
        store_.mails = {job("slow"), job("ann"), job("bob")};
        (void)co_await pass_.run();
        EXPECT_THAT(transport_.ended, ElementsAre("ann@example.test")) << "it is back";
        store_.mails = {job("slow"), job("bob"), job("cid")};
        (void)co_await pass_.run();
        EXPECT_THAT(transport_.ended, SizeIs(3));
    };
    run(body);
}

TEST_F(Mails, WaitsForTheNextThatIsDue) {
    const auto body = [&]() -> asio::awaitable<void> {
        store_.next_due = milliseconds(5'000);
        const milliseconds wait = co_await pass_.run();
        EXPECT_EQ(wait, milliseconds(5'001));
    };
    run(body);
}

TEST_F(Mails, OneThatIsInAnotherProcesssHandsIsLookedAtAgainLater) {
    judge_.reply.answer = runtime::ClaimAnswer::held;
    const auto body = [&]() -> asio::awaitable<void> {
        store_.mails = {job("ann")};
        store_.next_due = milliseconds(0);
        const milliseconds wait = co_await pass_.run();
        EXPECT_EQ(wait, Pass::shortest_wait);
    };
    run(body);
}

}  // namespace
}  // namespace chatear::deletion
