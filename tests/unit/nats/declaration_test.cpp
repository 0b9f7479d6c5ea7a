#include "nats/declaration.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

using Action = Plan::Action;
using std::chrono::hours;

StreamDeclaration events() {
    StreamDeclaration declaration;
    declaration.name = "EVENTS";
    declaration.subjects = {"email.sent", "user.deletion.*"};
    declaration.retention = Retention::limits;
    declaration.max_age = hours(24 * 7);
    declaration.replicas = 3;
    return declaration;
}

ConsumerDeclaration emails() {
    ConsumerDeclaration declaration;
    declaration.stream.name = "NOTIFICATIONS";
    declaration.stream.subjects = {"email.send"};
    declaration.durable = "worker-email-send";
    declaration.filter_subject = "email.send";
    return declaration;
}

TEST(StreamDeclaration, OfAWorkQueueLeavesRoomForTheHeadersOfADeadLetter) {
    const StreamDeclaration queue = emails().stream;
    EXPECT_EQ(to_config(queue, 1024 * 1024).max_message_bytes, 1024 * 1024 - 32 * 1024);
    EXPECT_EQ(to_config(queue, 1'000).max_message_bytes, -1)
        << "a tiny server's own limit is enough";
}

TEST(StreamDeclaration, OfWhatIsKeptTakesWhateverTheServerTakes) {
    // A dead letter is its event and the headers that tell why: more than a work queue may hold.
    EXPECT_EQ(to_config(events(), 1024 * 1024).max_message_bytes, -1);
}

TEST(StreamDeclaration, BecomesAConfigurationOfItsOwn) {
    const StreamConfig config = to_config(events(), 1024 * 1024);
    EXPECT_EQ(config.subjects, events().subjects);
    EXPECT_EQ(config.max_age, hours(24 * 7));
    EXPECT_EQ(config.replicas, 3);
    EXPECT_TRUE(config.file_storage);
    StreamDeclaration brief = events();
    brief.max_age = std::chrono::seconds(30);
    EXPECT_EQ(to_config(brief, 1'000).duplicate_window, std::chrono::seconds(30));
}

TEST(StreamPlan, CreatesWhatIsMissing) {
    EXPECT_EQ(plan(to_config(events(), 1'000'000), std::nullopt).action, Action::create);
}

TEST(StreamPlan, UsesWhatIsEqualOrTakesMore) {
    const StreamConfig declared = to_config(events(), 1'000'000);
    EXPECT_EQ(plan(declared, declared).action, Action::use_as_it_is);
    StreamConfig wider = declared;
    wider.subjects = {">"};
    EXPECT_EQ(plan(declared, wider).action, Action::use_as_it_is);
}

TEST(StreamPlan, NamesEachDifferenceAndChangesNothing) {
    const StreamConfig declared = to_config(events(), 1'000'000);
    const auto differs = [&](auto change) {
        StreamConfig existing = declared;
        change(existing);
        const Plan made = plan(declared, existing);
        EXPECT_EQ(made.action, Action::use_with_differences);
        EXPECT_EQ(made.differences.size(), 1U);
        return made.differences.empty() ? std::string() : made.differences.front();
    };
    EXPECT_EQ(
        differs([](StreamConfig& c) { c.name = "OTHER"; }), "name is OTHER, declared is EVENTS"
    );
    EXPECT_EQ(
        differs([](StreamConfig& c) { c.subjects = {"email.sent"}; }),
        "it does not take user.deletion.*"
    );
    EXPECT_EQ(
        differs([](StreamConfig& c) { c.retention = Retention::interest; }),
        "retention is interest, declared is limits"
    );
    EXPECT_EQ(differs([](StreamConfig& c) { c.replicas = 1; }), "replicas is 1, declared is 3");
    EXPECT_EQ(
        differs([](StreamConfig& c) { c.file_storage = false; }),
        "storage in files is false, declared is true"
    );
    EXPECT_EQ(
        differs([](StreamConfig& c) { c.max_messages = 5; }), "max_msgs is 5, declared is -1"
    );
    EXPECT_NE(differs([](StreamConfig& c) { c.max_message_bytes = 5; }), "");
    EXPECT_NE(differs([](StreamConfig& c) { c.max_age = hours(1); }), "");
    EXPECT_NE(differs([](StreamConfig& c) { c.max_bytes = 5; }), "");
    EXPECT_NE(differs([](StreamConfig& c) { c.duplicate_window = hours(1); }), "");
}

TEST(ConsumerPlan, CreatesUsesOrNamesDifferences) {
    const ConsumerConfig declared = to_config(emails());
    EXPECT_EQ(declared.ack_wait, std::chrono::seconds(30));
    EXPECT_EQ(declared.max_ack_pending, 20'000);
    EXPECT_EQ(declared.max_deliver, -1);
    EXPECT_EQ(plan(declared, std::nullopt).action, Action::create);
    EXPECT_EQ(plan(declared, declared).action, Action::use_as_it_is);
    ConsumerConfig existing = declared;
    existing.ack_wait = std::chrono::seconds(5);
    existing.max_deliver = 3;
    existing.filter_subject = "email.*";
    const Plan made = plan(declared, existing);
    EXPECT_EQ(made.action, Action::use_with_differences);
    EXPECT_EQ(made.differences.size(), 3U);
}

TEST(ConsumerPlan, FindsWhatCannotServe) {
    const ConsumerConfig declared = to_config(emails());
    const auto unusable = [&](auto change) {
        ConsumerConfig existing = declared;
        change(existing);
        return plan(declared, existing).action == Action::unusable;
    };
    EXPECT_TRUE(unusable([](ConsumerConfig& c) { c.deliver_subject = "push.here"; }));
    EXPECT_TRUE(unusable([](ConsumerConfig& c) { c.ack_policy = "none"; }));
    EXPECT_TRUE(unusable([](ConsumerConfig& c) { c.filter_subject = "push.send"; }));
    EXPECT_TRUE(unusable([](ConsumerConfig& c) {
        c.filter_subject = "";
        c.filter_subjects = {"push.send", "user.>"};
    }));
    EXPECT_FALSE(unusable([](ConsumerConfig& c) { c.filter_subject = ""; }));
    EXPECT_FALSE(unusable([](ConsumerConfig& c) {
        c.filter_subject = "";
        c.filter_subjects = {"push.send", "email.>"};
    }));
}

}  // namespace
}  // namespace chatear::nats
