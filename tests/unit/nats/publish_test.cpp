#include "nats/publish.hpp"

#include "nats/protocol.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

using Kind = PublishError::Kind;

PublishResult read(std::string payload, int status = 0, std::string status_text = "") {
    Message answer{"_INBOX.a.1", "", std::move(payload)};
    answer.status = status;
    answer.status_text = std::move(status_text);
    return read_publish_answer(answer, "email.send");
}

std::string error_json(int code, int err_code) {
    return R"({"error":{"code":)" + std::to_string(code) + R"(,"err_code":)" +
           std::to_string(err_code) + R"(,"description":"because"},"stream":"S","seq":0})";
}

TEST(PublishAnswer, SaysWhereTheMessageIsStored) {
    const PublishReply reply =
        read(R"({"stream":"S","seq":7,"duplicate":true,"domain":"d"})").value();
    EXPECT_EQ(reply.stream, "S");
    EXPECT_EQ(reply.seq, 7U);
    EXPECT_TRUE(reply.duplicate);
    EXPECT_FALSE(read(R"({"stream":"S","seq":7})").value().duplicate);
}

TEST(PublishAnswer, Rule15_TellsTheMessagesFaultFromTheStreamsOutage) {
    EXPECT_EQ(read(error_json(400, 10054)).error().kind, Kind::refused);
    EXPECT_EQ(read(error_json(400, 10097)).error().kind, Kind::refused);
    for (const int err_code : {10077, 10076, 10023, 10008, 10047, 10039, 10074, 0}) {
        EXPECT_EQ(read(error_json(503, err_code)).error().kind, Kind::stream_unavailable)
            << err_code;
    }
    EXPECT_EQ(read("", 503).error().kind, Kind::stream_unavailable);
    EXPECT_EQ(read("", 403, "Permissions Violation").error().reason, "Permissions Violation");
}

TEST(PublishAnswer, OfSomebodyElseProvesNothing) {
    for (const std::string payload :
         {"",
          "{}",
          "[]",
          "ok",
          R"({"stream":"S"})",
          R"({"stream":"","seq":1})",
          R"({"stream":"S","seq":-1})",
          R"({"stream":1,"seq":1})"}) {
        EXPECT_EQ(read(payload).error().kind, Kind::stream_unavailable) << payload;
    }
}

TEST(Refusal, CountsHeadersAndPayloadTogether) {
    const std::size_t block = encode_header_block({{"A", "b"}}).size();
    const Message message{"a", "", std::string(100 - block, 'x'), {{"A", "b"}}};
    EXPECT_EQ(refusal(message, 100), std::nullopt);
    EXPECT_NE(refusal(message, 99), std::nullopt);
}

TEST(Refusal, IsForASubjectThatFillsAControlLine) {
    const Message longest{std::string(max_subject_bytes, 's'), "", "x"};
    EXPECT_EQ(refusal(longest, 100), std::nullopt);
    const Message too_long{std::string(max_subject_bytes + 1, 's'), "", "x"};
    EXPECT_NE(refusal(too_long, 100), std::nullopt);
}

}  // namespace
}  // namespace chatear::nats
