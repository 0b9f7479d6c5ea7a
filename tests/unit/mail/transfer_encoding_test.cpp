#include "mail/transfer_encoding.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace chatear::mail {
namespace {

std::string written(const std::string& text, TransferEncoding encoding) {
    std::string out;
    append_text(out, text, encoding);
    return out;
}

TEST(TransferEncoding, IsThePlainestThatDoesNoHarm) {
    EXPECT_EQ(choose_text_encoding("Hello\n.\nbye", false), TransferEncoding::seven_bit);
    EXPECT_EQ(choose_text_encoding("", false), TransferEncoding::seven_bit);
    EXPECT_EQ(
        choose_text_encoding("Ol\xc3\xa1, tudo bem com voce?", true), TransferEncoding::eight_bit
    );
    EXPECT_EQ(
        choose_text_encoding("Ol\xc3\xa1, tudo bem com voce?", false),
        TransferEncoding::quoted_printable
    );
    EXPECT_EQ(choose_text_encoding("日本語", false), TransferEncoding::base64);
    EXPECT_EQ(choose_text_encoding(std::string(998, 'a'), false), TransferEncoding::seven_bit);
    EXPECT_EQ(
        choose_text_encoding(std::string(999, 'a'), true), TransferEncoding::quoted_printable
    );
    EXPECT_EQ(
        choose_text_encoding("a long text\nFrom here", true), TransferEncoding::quoted_printable
    );
    EXPECT_EQ(
        choose_text_encoding("a long text\n--=_a0123", true), TransferEncoding::quoted_printable
    );
    EXPECT_EQ(
        choose_text_encoding("a long text, escape \x1b[0m", true),
        TransferEncoding::quoted_printable
    );
}

TEST(TransferEncoding, SeesEachByteWhereverItStands) {
    const std::string line = std::string(59, 'a') + '\n';
    std::string text;
    for (int i = 0; i < 20; ++i) {
        text += line;
    }
    ASSERT_EQ(choose_text_encoding(text, false), TransferEncoding::seven_bit);
    for (std::size_t place = 0; place < text.size(); ++place) {
        for (const char byte : {'\x80', '\xff', '\x1f', '\0', '\x7f'}) {
            std::string other = text;
            other[place] = byte;
            EXPECT_EQ(choose_text_encoding(other, false), TransferEncoding::quoted_printable)
                << place;
        }
        for (const char byte : {'\t', '\r', ' ', '~', '='}) {
            std::string other = text;
            other[place] = byte;
            EXPECT_EQ(choose_text_encoding(other, false), TransferEncoding::seven_bit) << place;
        }
    }
    // Of 1200 bytes 400 must be escaped before base64 is shorter: more than a byte can count.
    EXPECT_EQ(
        choose_text_encoding(std::string(200, '\x01') + std::string(1000, 'a'), false),
        TransferEncoding::quoted_printable
    );
    EXPECT_EQ(
        choose_text_encoding(std::string(201, '\x01') + std::string(999, '='), false),
        TransferEncoding::base64
    );
}

RC_GTEST_PROP(TransferEncoding, LinesEndWhereverABreakStands, ()) {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', '\r', '\n'));
    std::string expected;
    for (std::size_t place = 0; place < text.size(); ++place) {
        const bool pair = text.compare(place, 2, "\r\n") == 0;
        if (text[place] == 'a') {
            expected += 'a';
        } else {
            expected += "\r\n";
            place += pair ? 1 : 0;
        }
    }
    if (!expected.empty() && !expected.ends_with('\n')) {
        expected += "\r\n";
    }
    RC_ASSERT(written(text, TransferEncoding::seven_bit) == expected);
}

TEST(TransferEncoding, MakesEveryBreakCrlfAndEndsWithOne) {
    for (const auto encoding :
         {TransferEncoding::seven_bit,
          TransferEncoding::eight_bit,
          TransferEncoding::quoted_printable}) {
        EXPECT_EQ(written("a\nb\rc\r\nd\n\re", encoding), "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n");
        EXPECT_EQ(written("a\n", encoding), "a\r\n");
        EXPECT_EQ(written("", encoding), "");
    }
    EXPECT_EQ(written("a\nb\r", TransferEncoding::base64), to_base64("a\r\nb\r\n") + "\r\n");
}

TEST(TransferEncoding, QuotesWhatQuotedPrintableMust) {
    const auto quoted = [](const std::string& text) {
        return written(text, TransferEncoding::quoted_printable);
    };
    EXPECT_EQ(quoted("a=b"), "a=3Db\r\n");
    EXPECT_EQ(quoted("trailing \ntab\t"), "trailing=20\r\ntab=09\r\n");
    EXPECT_EQ(quoted("From me"), "=46rom me\r\n");
    EXPECT_EQ(quoted("é"), "=C3=A9\r\n");
    EXPECT_EQ(quoted(std::string("a\0b", 3)), "ab\r\n");
    EXPECT_EQ(quoted(std::string(76, 'a')), std::string(75, 'a') + "=\r\na\r\n");
}

TEST(TransferEncoding, WritesBase64InLinesOf76) {
    const std::string bytes(58, 'x');
    std::string out;
    append_base64_lines(out, bytes);
    EXPECT_EQ(out, to_base64(bytes.substr(0, 57)) + "\r\n" + to_base64("x") + "\r\n");
}

RC_GTEST_PROP(TransferEncoding, Base64IsWhatOpensslMakes, (const std::string& bytes)) {
    std::string out;
    append_base64(out, bytes);
    RC_ASSERT(out == to_base64(bytes));
}

}  // namespace
}  // namespace chatear::mail
