#include "runtime/metrics.hpp"

#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chatear::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

const MetricDeclaration replies = {
    .name = "chatear_smtp_replies_total",
    .help = "Replies of the mail server, by what they say.",
    .labels = {"verdict"},
};
const MetricDeclaration in_hand = {.name = "chatear_events_in_hand", .help = "Events in hand."};
const MetricDeclaration waited = {
    .name = "chatear_claim_seconds",
    .help = "How long a claim took.",
    .buckets = {0.1, 1},
};

TEST(Metrics, CountByTheirLabels) {
    Metrics metrics;
    Counter accepted = metrics.counter(replies, {"accepted"});
    Counter never = metrics.counter(replies, {"never"});
    accepted.add();
    accepted.add(2);
    never.add();
    const std::string text = metrics.text();
    EXPECT_THAT(text, HasSubstr("# TYPE chatear_smtp_replies_total counter\n"));
    EXPECT_THAT(
        text,
        HasSubstr(
            "# HELP chatear_smtp_replies_total Replies of the mail server, by what they say.\n"
        )
    );
    EXPECT_THAT(text, HasSubstr("chatear_smtp_replies_total{verdict=\"accepted\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("chatear_smtp_replies_total{verdict=\"never\"} 1\n"));
}

TEST(Metrics, GiveTheSameCounterForTheSameLabels) {
    Metrics metrics;
    metrics.counter(replies, {"accepted"}).add();
    metrics.counter(replies, {"accepted"}).add();
    EXPECT_THAT(metrics.text(), HasSubstr("chatear_smtp_replies_total{verdict=\"accepted\"} 2\n"));
    EXPECT_EQ(metrics.declared().size(), 1U);
}

TEST(Metrics, RaiseACounterToACountKeptElsewhereAndNeverLowerIt) {
    Metrics metrics;
    Counter counter = metrics.counter(replies, {"accepted"});
    counter.raise_to(5);
    counter.raise_to(3);
    counter.raise_to(7);
    EXPECT_THAT(metrics.text(), HasSubstr("{verdict=\"accepted\"} 7\n"));
}

TEST(Metrics, SetWhatGoesUpAndDownWhenTheyAreRead) {
    Metrics metrics;
    Gauge gauge = metrics.gauge(in_hand);
    double now = 3;
    metrics.on_collect([&] { gauge.set(now); });
    EXPECT_THAT(metrics.text(), HasSubstr("chatear_events_in_hand 3\n"));
    now = 1;
    EXPECT_THAT(metrics.text(), HasSubstr("chatear_events_in_hand 1\n"));
}

TEST(Metrics, SortValuesIntoBuckets) {
    Metrics metrics;
    Histogram histogram = metrics.histogram(waited);
    histogram.observe(0.05);
    histogram.observe(0.5);
    histogram.observe(5);
    const std::string text = metrics.text();
    EXPECT_THAT(text, HasSubstr("chatear_claim_seconds_bucket{le=\"0.1\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("chatear_claim_seconds_bucket{le=\"1\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("chatear_claim_seconds_bucket{le=\"+Inf\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("chatear_claim_seconds_count 3\n"));
}

TEST(Metrics, CountWhatBecameOfEvents) {
    Metrics metrics;
    const auto observe = metrics.outcome_observer("email.send");
    observe("done", std::chrono::milliseconds(3));
    observe("done", std::chrono::milliseconds(30));
    observe("retry", std::chrono::milliseconds(300));
    const std::string text = metrics.text();
    EXPECT_THAT(
        text, HasSubstr("chatear_events_total{outcome=\"done\",subject=\"email.send\"} 2\n")
    );
    EXPECT_THAT(
        text, HasSubstr("chatear_events_total{outcome=\"retry\",subject=\"email.send\"} 1\n")
    );
    EXPECT_THAT(
        text, HasSubstr("chatear_event_duration_seconds_count{subject=\"email.send\"} 3\n")
    );
}

TEST(Metrics, CountPossibleDuplicates) {
    Metrics metrics;
    metrics.possible_duplicate("in_doubt");
    metrics.possible_duplicate("in_doubt");
    EXPECT_THAT(
        metrics.text(), HasSubstr("chatear_possible_duplicates_total{cause=\"in_doubt\"} 2\n")
    );
}

TEST(Metrics, OfTwoProcessesAreApart) {
    Metrics one;
    Metrics other;
    one.counter(replies, {"accepted"}).add();
    EXPECT_THAT(other.text(), Not(HasSubstr("chatear")));
}

TEST(MetricsDeathTest, OneNameHasOneDeclaration) {
    Metrics metrics;
    metrics.counter(replies, {"accepted"});
    MetricDeclaration other = replies;
    other.labels = {"code"};
    EXPECT_DEATH(metrics.counter(other, {"250"}), "same");
    EXPECT_DEATH(metrics.counter(replies), "labels");
}

TEST(Metrics, AreTakenByPromtool) {
    const auto promtool = test::find_program({"promtool"});
    if (!promtool) {
        GTEST_SKIP() << "promtool is not there (Debian package prometheus)";
    }
    Metrics metrics;
    metrics.counter(replies, {"a \"quoted\"\nlabel \\"}).add();
    metrics.gauge(in_hand).set(-1.5);
    metrics.histogram(waited).observe(0.5);
    metrics.outcome_observer("email.send")("done", std::chrono::milliseconds(3));
    metrics.possible_duplicate("taken_over");
    test::TemporaryFolder folder("metrics");
    test::write_file(folder / "metrics", metrics.text());
    const std::string check = *promtool + " check metrics < " + (folder / "metrics");
    const test::Finished finished = test::run({.arguments = {"sh", "-c", check}});
    EXPECT_EQ(finished.status, 0) << finished.output;
    EXPECT_EQ(finished.output, "");
}

}  // namespace
}  // namespace chatear::runtime
