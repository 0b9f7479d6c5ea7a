#include "redis/reply_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {
namespace {

using testing::HasSubstr;

std::string encode(const Reply& reply) {
    struct Visitor {
        std::string operator()(std::monostate) const { return "$-1\r\n"; }
        std::string operator()(const Status& status) const { return "+" + status.text + "\r\n"; }
        std::string operator()(const ErrorReply& error) const { return "-" + error.text + "\r\n"; }
        std::string operator()(std::int64_t number) const {
            return ":" + std::to_string(number) + "\r\n";
        }
        std::string operator()(const std::string& text) const {
            return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
        }
        std::string operator()(const Reply::Array& array) const {
            std::string all = "*" + std::to_string(array.size()) + "\r\n";
            for (const Reply& element : array) {
                all += encode(element);
            }
            return all;
        }
    };
    return std::visit(Visitor(), reply.value);
}

// All replies that come out of `bytes` fed in `pieces`, or the error.
Result<std::vector<Reply>> read_all(const std::vector<std::string>& pieces) {
    ReplyReader reader;
    std::vector<Reply> replies;
    for (const std::string& piece : pieces) {
        reader.feed(piece);
        while (true) {
            Result<std::optional<Reply>> next = reader.next();
            if (!next) {
                return next.error();
            }
            if (!next->has_value()) {
                break;
            }
            replies.push_back(std::move(**next));
        }
    }
    return replies;
}

std::string error_of(const std::string& bytes) {
    const Result<std::vector<Reply>> replies = read_all({bytes});
    return replies ? "" : replies.error().message;
}

const std::vector<Reply> one_of_each = {
    Reply{Status{"OK"}},
    Reply{ErrorReply{"ERR no such thing"}},
    Reply{std::int64_t{-42}},
    Reply{std::string("two\r\nlines and a \0 byte", 22)},
    Reply{std::string()},
    Reply{},
    Reply{Reply::Array{}},
    Reply{Reply::Array{
        Reply{std::int64_t{1}},
        Reply{},
        Reply{Reply::Array{Reply{std::string("deep")}, Reply{ErrorReply{"ERR inside"}}}},
        Reply{Status{"last"}},
    }},
};

TEST(ReplyReader, ReadsEveryTypeCutAtEveryByte) {
    std::string bytes;
    for (const Reply& reply : one_of_each) {
        bytes += encode(reply);
    }
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        SCOPED_TRACE(cut);
        const Result<std::vector<Reply>> replies =
            read_all({bytes.substr(0, cut), bytes.substr(cut)});
        ASSERT_TRUE(replies) << replies.error().message;
        EXPECT_EQ(*replies, one_of_each);
    }
}

TEST(ReplyReader, ReadsOneByteAtATime) {
    std::vector<std::string> pieces;
    for (const Reply& reply : one_of_each) {
        for (const char byte : encode(reply)) {
            pieces.emplace_back(1, byte);
        }
    }
    const Result<std::vector<Reply>> replies = read_all(pieces);
    ASSERT_TRUE(replies);
    EXPECT_EQ(*replies, one_of_each);
}

TEST(ReplyReader, ReadsANullArrayAsNil) {
    const Result<std::vector<Reply>> replies = read_all({"*-1\r\n"});
    ASSERT_TRUE(replies);
    EXPECT_TRUE(replies->at(0).nil());
}

TEST(ReplyReader, SaysNothingOfAnUnfinishedReply) {
    for (const Reply& reply : one_of_each) {
        const std::string bytes = encode(reply);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            ReplyReader reader;
            reader.feed(bytes.substr(0, size));
            const Result<std::optional<Reply>> next = reader.next();
            ASSERT_TRUE(next);
            EXPECT_FALSE(next->has_value()) << bytes << " cut at " << size;
        }
    }
}

TEST(ReplyReader, RefusesWhatIsNoReply) {
    for (const std::string bytes :
         {"HTTP/1.1 400 Bad Request\r\n", "\r\n", ":12x\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n"}) {
        EXPECT_THAT(error_of(bytes), HasSubstr("does not speak RESP2")) << bytes;
    }
}

TEST(ReplyReader, RefusesTheTypesOfResp3) {
    for (const std::string bytes :
         {"_\r\n",
          "#t\r\n",
          ",1.5\r\n",
          "%1\r\n+a\r\n+b\r\n",
          "~0\r\n",
          ">1\r\n+a\r\n",
          "=4\r\ntxt:\r\n",
          "(123\r\n",
          "*2\r\n+a\r\n#f\r\n"}) {
        EXPECT_THAT(error_of(bytes), HasSubstr("does not speak RESP2")) << bytes;
    }
}

TEST(ReplyReader, RefusesAStringWithoutItsLineBreak) {
    EXPECT_THAT(error_of("$3\r\nabcde"), HasSubstr("without its line break"));
    EXPECT_THAT(error_of("*1\r\n$3\r\nabc\r\r"), HasSubstr("without its line break"));
}

TEST(ReplyReader, RefusesAnArrayThatPromisesMoreThanWeTake) {
    EXPECT_THAT(error_of("*1000000000\r\n"), HasSubstr("too many values"));
    EXPECT_THAT(error_of("*40000\r\n*40000\r\n"), HasSubstr("too many values"));
}

TEST(ReplyReader, CountsTheValuesOfEachReplyAnew) {
    std::string bytes;
    const std::size_t half = ReplyReader::max_reply_values / 2 + 1;
    for (int reply = 0; reply < 2; ++reply) {
        bytes += "*" + std::to_string(half) + "\r\n";
        for (std::size_t element = 0; element < half; ++element) {
            bytes += "$-1\r\n";
        }
    }
    const Result<std::vector<Reply>> replies = read_all({bytes});
    ASSERT_TRUE(replies);
    EXPECT_EQ(replies->size(), 2U);
}

TEST(ReplyReader, RefusesNestingBeyondItsBound) {
    std::string deepest;
    for (std::size_t depth = 0; depth < ReplyReader::max_nesting; ++depth) {
        deepest += "*1\r\n";
    }
    EXPECT_EQ(error_of(deepest + ":1\r\n"), "");
    EXPECT_NE(error_of(deepest + "*1\r\n:1\r\n"), "");
}

TEST(ReplyReader, RefusesAReplyThatNeverEnds) {
    ReplyReader reader;
    reader.feed("$2147483647\r\n");
    const std::string piece(1024 * 1024, 'x');
    std::size_t fed = 0;
    while (true) {
        const Result<std::optional<Reply>> next = reader.next();
        if (!next) {
            EXPECT_THAT(next.error().message, HasSubstr("more than"));
            break;
        }
        ASSERT_LE(fed, ReplyReader::max_reply_bytes);
        reader.feed(piece);
        fed += piece.size();
    }
}

TEST(ReplyReader, CountsOnlyTheBytesOfTheReplyUnderWay) {
    ReplyReader reader;
    const std::string big(ReplyReader::max_reply_bytes / 2, 'x');
    for (int reply = 0; reply < 4; ++reply) {
        reader.feed(encode(Reply{big}));
        const Result<std::optional<Reply>> next = reader.next();
        ASSERT_TRUE(next);
        ASSERT_TRUE(next->has_value());
        EXPECT_EQ((*next)->text()->size(), big.size());
    }
}

TEST(ErrorReply, KnowsWhoseFaultItIs) {
    for (const std::string code :
         {"LOADING",
          "READONLY",
          "MASTERDOWN",
          "CLUSTERDOWN",
          "BUSY",
          "MISCONF",
          "OOM",
          "NOREPLICAS"}) {
        EXPECT_EQ((ErrorReply{code + " some text"}).refusal(), Refusal::unavailable) << code;
    }
    for (const std::string code : {"NOAUTH", "WRONGPASS", "NOPERM", "MOVED", "ASK"}) {
        EXPECT_EQ((ErrorReply{code + " 3999 127.0.0.1:6381"}).refusal(), Refusal::configuration)
            << code;
    }
    for (const std::string text :
         {"ERR unknown command", "WRONGTYPE Operation", "NOSCRIPT No", "", "BUSYKEY Target"}) {
        EXPECT_EQ((ErrorReply{text}).refusal(), Refusal::command) << text;
    }
}

rc::Gen<Reply> any_reply(int depth) {
    const rc::Gen<Reply> leaf = rc::gen::oneOf(
        rc::gen::map(
            rc::gen::arbitrary<std::int64_t>(), [](std::int64_t number) { return Reply{number}; }
        ),
        rc::gen::map(
            rc::gen::arbitrary<std::string>(),
            [](std::string text) { return Reply{std::move(text)}; }
        ),
        rc::gen::just(Reply{})
    );
    if (depth == 0) {
        return leaf;
    }
    const rc::Gen<Reply> array = rc::gen::map(
        rc::gen::container<Reply::Array>(any_reply(depth - 1)),
        [](Reply::Array elements) { return Reply{std::move(elements)}; }
    );
    return rc::gen::weightedOneOf<Reply>({{2, leaf}, {1, array}});
}

RC_GTEST_PROP(ReplyReader, ReturnsWhatWasEncodedHoweverItIsCut, ()) {
    const auto replies = *rc::gen::resize(8, rc::gen::container<std::vector<Reply>>(any_reply(3)));
    std::string bytes;
    for (const Reply& reply : replies) {
        bytes += encode(reply);
    }
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = *rc::gen::inRange<std::size_t>(1, 20);
        pieces.push_back(bytes.substr(at, size));
        at += size;
    }
    const Result<std::vector<Reply>> read = read_all(pieces);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == replies);
}

}  // namespace
}  // namespace chatear::redis
