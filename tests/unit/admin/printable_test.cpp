#include "admin/printable.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace chatear::admin {
namespace {

TEST(Printable, KeepsWhatIsText) {
    EXPECT_EQ(printable("Grüße, 世界"), "Grüße, 世界");
}

TEST(Printable, ShowsControlCharactersAsHexadecimal) {
    EXPECT_EQ(printable("a\x1b[2Jb\r\n"), "a\\x1b[2Jb\\x0d\\x0a");
}

TEST(Printable, ShowsBytesThatAreNoUtf8AsHexadecimal) {
    EXPECT_EQ(printable("a\xff\xc3"), "a\\xff\\xc3");
}

TEST(Printable, KeepsLineBreaksAndTabsWhereAsked) {
    EXPECT_EQ(printable("a\n\tb\x07", true), "a\n\tb\\x07");
}

RC_GTEST_PROP(Printable, LeavesNoControlByteInAnyInput, (const std::string& bytes)) {
    const std::string shown = printable(bytes);
    RC_ASSERT(std::none_of(shown.begin(), shown.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
    }));
}

TEST(Table, AlignsColumnsByCharactersNotBytes) {
    const boost::json::array rows = {
        boost::json::object{{"name", "Zoë"}, {"count", 1}},
        boost::json::object{{"name", "Ann-Lis"}, {"count", 20}}};
    EXPECT_EQ(render_table({"name", "count"}, rows), "name     count\nZoë      1\nAnn-Lis  20\n");
}

TEST(Table, LeavesCellsEmptyThatARowLacks) {
    const boost::json::array rows = {boost::json::object{{"b", nullptr}, {"c", true}}};
    EXPECT_EQ(render_table({"a", "b", "c"}, rows), "a  b  c\n      true\n");
}

TEST(Table, ShowsNumbersAsPeopleWriteThem) {
    const boost::json::array rows = {boost::json::object{{"a", 0.1}}};
    EXPECT_EQ(render_table({"a"}, rows), "a\n0.1\n");
}

TEST(Record, PutsSeveralLinesBelowTheirName) {
    const boost::json::object record = {
        {"reason", "550 no"},
        {"payload", "one\ntwo"},
        {"rows", boost::json::array()},
        {"none", nullptr}};
    EXPECT_EQ(
        render_record(record), "reason: 550 no\npayload:\n    one\n    two\nrows: none\nnone:\n"
    );
}

TEST(Bytes, AreTextWhereTheyAreUtf8AndBase64Otherwise) {
    boost::json::object object;
    set_bytes(object, "text", "Zoë");
    set_bytes(object, "raw", "\xff");
    EXPECT_EQ(boost::json::serialize(object), "{\"text\":\"Zoë\",\"raw_base64\":\"/w==\"}");
}

}  // namespace
}  // namespace chatear::admin
