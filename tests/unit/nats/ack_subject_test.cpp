#include "nats/ack_subject.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::nats {
namespace {

const AckSubject plain{
    "", "NOTIFICATIONS", "worker-email-send", 2, 30, 41, 1'700'000'000'123'456'789, 5};
const std::string tail = "NOTIFICATIONS.worker-email-send.2.30.41.1700000000123456789.5";

TEST(AckSubject, IsReadInAllItsForms) {
    EXPECT_EQ(parse_ack_subject("$JS.ACK." + tail), plain);
    EXPECT_EQ(parse_ack_subject("$JS.ACK._.AHASH." + tail), plain);
    EXPECT_EQ(parse_ack_subject("$JS.ACK._.AHASH." + tail + ".rAnDoM"), plain);
    AckSubject with_domain = plain;
    with_domain.domain = "hub";
    EXPECT_EQ(parse_ack_subject("$JS.ACK.hub.AHASH." + tail + ".rAnDoM"), with_domain);
}

TEST(AckSubject, IsNothingElse) {
    for (const std::string subject :
         {"",
          "$JS.ACK",
          "$JS.ACK.S.C.1.2.3.4",
          "$JS.ACK.S.C.1.2.3.4.5.6",
          "$JS.NAK.S.C.1.2.3.4.5",
          "JS.ACK.S.C.1.2.3.4.5",
          "$JS.ACK.S.C.x.2.3.4.5",
          "$JS.ACK.S.C.1.-2.3.4.5",
          "$JS.ACK.S.C.1.2.3.99999999999999999999.5",
          "$JS.ACK.S.C.1.2.3.4.",
          "$JS.ACK..C.1.2.3.4.5",
          "$JS.ACK.S..1.2.3.4.5",
          "$JS.ACK.d.h.S.C.1.2.3.4.5.r.x",
          "_INBOX.abc.1"}) {
        EXPECT_EQ(parse_ack_subject(subject), std::nullopt) << subject;
    }
}

RC_GTEST_PROP(AckSubject, RubbishIsNeverMisread, (const std::string& rubbish)) {
    const std::string subject = "$JS.ACK." + tail;
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, subject.size());
    const auto parsed = parse_ack_subject(subject.substr(0, at) + rubbish);
    if (parsed) {
        RC_ASSERT(!parsed->stream.empty());
    }
}

}  // namespace
}  // namespace chatear::nats
