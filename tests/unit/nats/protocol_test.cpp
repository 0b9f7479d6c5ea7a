#include "nats/protocol.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace chatear::nats {
namespace {

const std::string info_line =
    "INFO "
    "{\"server_id\":\"NA\",\"server_name\":\"one\",\"version\":\"2.9.10\",\"headers\":true,"
    "\"jetstream\":true,"
    "\"max_payload\":1048576,\"nonce\":\"abc\",\"tls_required\":true,\"ldm\":true,"
    "\"connect_urls\":[\"10.0.0.1:4222\",\"10.0.0.2:4222\"]}\r\n";

const std::string stream =
    info_line +
    "PING\r\nPONG\r\n+OK\r\n-ERR 'Authorization Violation'\r\n"
    "MSG email.send 7 11\r\nhello\r\nwor!\r\n"
    "MSG email.send 7 re.ply 0\r\n\r\n"
    "HMSG email.send 8 re.ply 35 40\r\nNATS/1.0\r\nOne: 1\r\nTwo:  two: 2 \r\n\r\nhello\r\n"
    "HMSG _INBOX.a.1 9 78 78\r\nNATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 4\r\n"
    "Some-Header: 12345\r\n\r\n\r\n";

std::string text_of(const ServerOperation& operation) {
    if (const auto* info = std::get_if<ServerInfo>(&operation)) {
        return "info " + info->server_name + " " + std::to_string(info->connect_urls.size());
    }
    if (const auto* error = std::get_if<ServerError>(&operation)) {
        return "error " + error->text;
    }
    if (const auto* delivered = std::get_if<Delivered>(&operation)) {
        const Message& message = delivered->message;
        std::string text = std::to_string(delivered->sid) + " " + message.subject + " " +
                           message.reply_to + " " + std::to_string(message.status) + " " +
                           message.status_text + " [" + message.payload + "]";
        for (const auto& [name, value] : message.headers) {
            text += " " + name + "=" + value;
        }
        return text;
    }
    return std::to_string(operation.index());
}

/// What a parser makes of `pieces`, one text an operation; the last is "error: ..." for an Error.
std::vector<std::string> parse(const std::vector<std::string>& pieces) {
    Parser parser;
    std::vector<std::string> texts;
    for (const std::string& piece : pieces) {
        parser.feed(piece);
        while (true) {
            const auto operation = parser.next();
            if (!operation) {
                texts.push_back("error: " + operation.error().message);
                return texts;
            }
            if (!*operation) {
                break;
            }
            texts.push_back(text_of(**operation));
        }
    }
    return texts;
}

std::string error_of(const std::string& bytes) {
    const std::vector<std::string> texts = parse({bytes});
    return !texts.empty() && texts.back().starts_with("error: ") ? texts.back().substr(7) : "";
}

TEST(Parser, ReadsEveryOperationOfAServer) {
    const std::vector<std::string> expected = {
        "info one 2",
        "2",
        "3",
        "4",
        "error Authorization Violation",
        "7 email.send  0  [hello\r\nwor!]",
        "7 email.send re.ply 0  []",
        "8 email.send re.ply 0  [hello] One=1 Two=two: 2",
        "9 _INBOX.a.1  408 Request Timeout [] Nats-Pending-Messages=4 Some-Header=12345",
    };
    EXPECT_EQ(parse({stream}), expected);
}

TEST(Parser, GivesTheSameHoweverTheBytesAreCut) {
    const std::vector<std::string> whole = parse({stream});
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        EXPECT_EQ(parse({stream.substr(0, cut), stream.substr(cut)}), whole) << cut;
    }
    std::vector<std::string> bytes;
    for (const char c : stream) {
        bytes.emplace_back(1, c);
    }
    EXPECT_EQ(parse(bytes), whole);
}

TEST(Parser, ReadsAllThatInfoSays) {
    Parser parser;
    parser.feed(info_line);
    const auto operation = parser.next();
    const auto info = std::get<ServerInfo>(**operation);
    EXPECT_EQ(info.version, "2.9.10");
    EXPECT_EQ(info.nonce, "abc");
    EXPECT_TRUE(info.headers && info.jetstream && info.tls_required && info.lame_duck);
    EXPECT_FALSE(info.tls_available || info.auth_required);
    EXPECT_EQ(info.max_payload, 1048576U);
    EXPECT_EQ(info.connect_urls.back(), "10.0.0.2:4222");
}

TEST(Parser, RefusesWhatNoServerSends) {
    for (const std::string bytes :
         {"HTTP/1.1 400 Bad Request\r\n",
          "\r\n",
          "MSG\r\n",
          "MSG a\r\n",
          "MSG a 1\r\n",
          "MSG a b 1\r\nx\r\n",
          "MSG a 1 -1\r\n",
          "MSG a 1 99999999999999999999\r\n",
          "MSG a 1 67108865\r\n",
          "MSG a 1 r 1 2 3 4\r\n",
          "HMSG a 1 5\r\nhello\r\n",
          "HMSG a 1 9 5\r\nhello\r\n",
          "MSG a 1 1\r\nxx\r\n",
          "INFO\r\n",
          "INFO x\r\n",
          "INFO []\r\n",
          "INFO {\"max_payload\":0}\r\n",
          "INFO {\"max_payload\":99999999999}\r\n"}) {
        EXPECT_NE(error_of(bytes), "") << bytes;
    }
}

TEST(Parser, LeavesOutWhatAPublisherWroteInPlaceOfHeaders) {
    const std::vector<std::pair<std::string, std::string>> blocks = {
        {"hello", ""},
        {"NATS/2.0\r\nA: 1\r\n\r\n", ""},
        {"NATS/1.0", ""},
        {"NATS/1.0\r\nbad\r\nA: 1\r\n: 2\r\n\r\n", " A=1"},
        {"NATS/1.0\r\nA: 1\r\nB: 2", " A=1 B=2"},
        {"NATS/1.0\r\n\r\n\r\nA: 1\r\n\r\n", " A=1"},
        {"NATS/1.0 4x8\r\nA: 1\r\n\r\n", " A=1"},
        {"NATS/1.0 -1\r\n\r\n", ""},
        {"NATS/1.0 1000\r\n\r", ""},
    };
    for (const auto& [block, headers] : blocks) {
        const std::string size = std::to_string(block.size());
        const std::string total = std::to_string(block.size() + 1);
        EXPECT_EQ(
            parse({"HMSG a 1 " + size + " " + total + "\r\n" + block + "x\r\nPING\r\n"}),
            (std::vector<std::string>{"1 a  0  [x]" + headers, "2"})
        ) << block;
    }
}

TEST(Parser, BoundsALineThatNeverEnds) {
    Parser parser;
    const std::string chunk(64 * 1024, 'x');
    std::size_t fed = 0;
    while (fed <= 2 * Parser::max_line_bytes) {
        parser.feed(chunk);
        fed += chunk.size();
        if (!parser.next()) {
            break;
        }
    }
    EXPECT_LE(fed, Parser::max_line_bytes + chunk.size());
    EXPECT_NE(error_of(std::string(Parser::max_line_bytes + 1, 'x') + "\r\n"), "");
}

TEST(Parser, TellsWhatIsLeftUnparsed) {
    Parser parser;
    parser.feed(info_line + "PI");
    EXPECT_TRUE(parser.next().value().has_value());
    EXPECT_EQ(parser.unparsed_bytes(), 2U);
}

TEST(Parser, ReleasesWhatItHasParsed) {
    Parser parser;
    const std::string message = "MSG a 1 1000\r\n" + std::string(1000, 'x') + "\r\n";
    for (int i = 0; i < 1000; ++i) {
        parser.feed(message);
        EXPECT_TRUE(parser.next().value().has_value());
        EXPECT_FALSE(parser.next().value().has_value());
        EXPECT_EQ(parser.unparsed_bytes(), 0U);
    }
}

/// A server that forwards what a client published to subscription 1.
std::string forwarded(const std::string& published) {
    const bool has_headers = published.starts_with("HPUB ");
    const std::size_t line_end = published.find("\r\n");
    std::string line = published.substr(0, line_end);
    const std::size_t subject_end = line.find(' ', has_headers ? 5 : 4);
    line.insert(subject_end, " 1");
    line.replace(0, has_headers ? 4 : 3, has_headers ? "HMSG" : "MSG");
    return line + published.substr(line_end);
}

RC_GTEST_PROP(Protocol, WhatIsEncodedIsParsedEqual, (const std::string& payload, bool answer)) {
    const auto token =
        rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    // The parser trims the ends of values, as every client does.
    const auto value = rc::gen::container<std::string>(rc::gen::inRange('!', '~'));
    Headers headers = *rc::gen::container<Headers>(rc::gen::pair(token, value));
    Message sent{*token, answer ? *token : std::string(), payload, headers};
    RC_ASSERT(valid_subject(sent.subject));
    RC_ASSERT(check_headers(sent.headers).has_value());
    std::string bytes;
    append_publish(bytes, sent.subject, sent.reply_to, sent.headers, sent.payload);
    Parser parser;
    const std::string wire = forwarded(bytes);
    const auto cut = *rc::gen::inRange<std::size_t>(0, wire.size() + 1);
    parser.feed(wire.substr(0, cut));
    auto operation = parser.next();
    RC_ASSERT(operation.has_value());
    if (!*operation) {
        parser.feed(wire.substr(cut));
        operation = parser.next();
    }
    const auto& delivered = std::get<Delivered>(**operation);
    RC_ASSERT(delivered.message.subject == sent.subject);
    RC_ASSERT(delivered.message.reply_to == sent.reply_to);
    RC_ASSERT(delivered.message.payload == sent.payload);
    RC_ASSERT(delivered.message.headers == sent.headers);
}

RC_GTEST_PROP(Protocol, RubbishNeverCrashesTheParser, (const std::string& rubbish)) {
    const std::size_t keep = *rc::gen::inRange<std::size_t>(0, stream.size());
    Parser parser;
    parser.feed(stream.substr(0, keep) + rubbish + "\r\n");
    for (int i = 0; i < 100; ++i) {
        const auto operation = parser.next();
        if (!operation || !*operation) {
            break;
        }
    }
}

TEST(Protocol, EncodesTheClientsOperations) {
    std::string bytes;
    append_connect(bytes, "{}");
    append_subscribe(bytes, "a.*", 3);
    append_unsubscribe(bytes, 3);
    append_publish(bytes, "a", "", {}, "x");
    append_publish(bytes, "a", "r", {}, "");
    append_publish(bytes, "a", "", {{"N", "v"}}, "x");
    EXPECT_EQ(
        bytes,
        "CONNECT {}\r\nSUB a.* 3\r\nUNSUB 3\r\nPUB a 1\r\nx\r\nPUB a r 0\r\n\r\n"
        "HPUB a 18 19\r\nNATS/1.0\r\nN: v\r\n\r\nx\r\n"
    );
}

}  // namespace
}  // namespace chatear::nats
