#include "http/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chatear::http {
namespace {

using testing::HasSubstr;

std::string form_error(const std::string& text) {
    const Result<Parameters> form = parse_form(text);
    return form ? "" : form.error().message;
}

std::string target_error(const std::string& text) {
    const Result<Target> target = parse_target(text);
    return target ? "" : target.error().message;
}

TEST(Form, IsDecoded) {
    const Parameters expected = {{"a", "1 + 1=2"}, {"b", ""}, {"c", ""}, {"d e", "\xc3\xa9"}};
    EXPECT_EQ(*parse_form("a=1+%2B+1%3d2&b=&c&&d+e=%C3%A9"), expected);
    EXPECT_EQ(*parse_form(""), Parameters());
}

TEST(Form, TakesTheLastOfARepeatedName) {
    EXPECT_EQ(*parse_form("a=1&a=2"), (Parameters{{"a", "2"}}));
}

TEST(Form, RefusesWhatIsNotEncodedRightly) {
    for (const std::string text : {"a=%", "a=%4", "a=%zz", "%=1", "a=%4g"}) {
        EXPECT_THAT(form_error(text), HasSubstr("two hexadecimal digits")) << text;
    }
    EXPECT_THAT(form_error("a=%00"), HasSubstr("NUL"));
}

TEST(Form, IsBounded) {
    std::string many;
    for (int parameter = 0; parameter <= 100; ++parameter) {
        many += "a" + std::to_string(parameter) + "=1&";
    }
    EXPECT_THAT(form_error(many), HasSubstr("more than 100"));
}

TEST(RequestTarget, IsTakenApart) {
    EXPECT_EQ(*parse_target("/"), (Target{"/", {}}));
    EXPECT_EQ(
        *parse_target("/recover/a%20b+c?token=x%2Fy"),
        (Target{"/recover/a b+c", {{"token", "x/y"}}})
    );
    EXPECT_EQ(*parse_target("/a..b/...?"), (Target{"/a..b/...", {}}));
}

TEST(RequestTarget, RefusesWhatLeavesItsFolder) {
    for (const std::string text :
         {"/..", "/../etc/passwd", "/a/./b", "/a/%2e%2E/b", "/a/..%2fb", "/."}) {
        EXPECT_NE(target_error(text), "") << text;
    }
}

TEST(RequestTarget, RefusesOtherForms) {
    for (const std::string text : {"", "*", "http://a.test/", "a", "/%"}) {
        EXPECT_NE(target_error(text), "") << text;
    }
}

TEST(Request, FindsAHeaderWhateverItsCase) {
    Request request;
    request.headers = {{"X-Token", "1"}, {"x-token", "2"}};
    EXPECT_EQ(request.header("x-TOKEN"), "1");
    EXPECT_EQ(request.header("Host"), std::nullopt);
}

}  // namespace
}  // namespace chatear::http
