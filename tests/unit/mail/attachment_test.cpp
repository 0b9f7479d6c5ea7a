#include "mail/attachment.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

bool accepts_name(const std::string& name) {
    return check_attachment({name, "application/pdf", "x"}).has_value();
}

bool accepts_type(const std::string& type) {
    return check_attachment({"a.pdf", type, "x"}).has_value();
}

std::string part(const std::string& name) {
    std::string out;
    append_attachment_part(out, {name, "application/pdf", "PDF"});
    return out;
}

TEST(Attachment, HasAFilenameThatIsNoPath) {
    EXPECT_TRUE(accepts_name("report.pdf"));
    EXPECT_TRUE(accepts_name("relatório 1.pdf"));
    EXPECT_TRUE(accepts_name("..."));
    for (const std::string& name : Strings{
             "", ".", "..", "a/b", "/etc/passwd", "..\\x", "a\nb", "a\r\nX: y", "\xff", "a\tb"}) {
        EXPECT_FALSE(accepts_name(name)) << name;
    }
    EXPECT_TRUE(accepts_name(std::string(255, 'a')));
    EXPECT_FALSE(accepts_name(std::string(256, 'a')));
    EXPECT_FALSE(accepts_name(std::string("a\0b", 3)));
}

TEST(Attachment, HasATypeOfALeaf) {
    EXPECT_TRUE(accepts_type("application/vnd.oasis.opendocument.text"));
    EXPECT_TRUE(accepts_type("image/svg+xml"));
    for (const std::string& type : Strings{
             "",
             "pdf",
             "a/",
             "/b",
             "a/b/c",
             "a/b; name=x",
             "a b/c",
             "a/b\r\nX: y",
             "multipart/mixed",
             "Message/rfc822",
             "text/\xc3\xa9"}) {
        EXPECT_FALSE(accepts_type(type)) << type;
    }
    EXPECT_FALSE(accepts_type("a/" + std::string(126, 'b')));
}

TEST(Attachment, IsWrittenAsBase64) {
    EXPECT_EQ(
        part("report.pdf"),
        "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment;\r\n filename=\"report.pdf\"\r\n\r\nUERG\r\n"
    );
}

TEST(Attachment, HasItsNameAsRfc2231SaysWhereItIsNotPlain) {
    EXPECT_NE(part("é.pdf").find(";\r\n filename*=utf-8''%C3%A9.pdf\r\n"), std::string::npos);
    EXPECT_NE(part("50% \"off\"").find("filename*=utf-8''50%25%20%22off%22"), std::string::npos);
    const std::string lengthy = part(std::string(120, 'a') + "é");
    EXPECT_NE(lengthy.find("filename*0*=utf-8''aaa"), std::string::npos);
    EXPECT_NE(lengthy.find("filename*2*=aaa"), std::string::npos);
    EXPECT_NE(lengthy.find("%C3%A9"), std::string::npos);
}

}  // namespace
}  // namespace chatear::mail
