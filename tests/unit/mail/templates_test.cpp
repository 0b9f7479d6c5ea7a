#include "mail/templates.hpp"

#include "mail/template_folder.hpp"
#include "support/process.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

using chatear::test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

using Files = std::map<std::string, std::string>;

void write(const TemporaryFolder& folder, const Files& files) {
    for (const auto& [path, text] : files) {
        std::filesystem::create_directories(std::filesystem::path(folder / path).parent_path());
        chatear::test::write_file(folder / path, text);
    }
}

Result<Templates> load(const Files& files) {
    const TemporaryFolder folder("templates");
    write(folder, files);
    return Templates::load(folder.path().string());
}

std::string error_of(const Files& files) {
    const auto templates = load(files);
    return templates ? "" : templates.error().message;
}

const Files plain = {
    {"hi/subject.mustache", "Hi {{name}}\n"},
    {"hi/text.mustache", "Hi {{name}}, {{body}}\n"},
    {"hi/html.mustache", "<b>Hi {{name}}</b>\n"},
    {"hi/pt/subject.mustache", "Oi {{name}}\n"},
    {"hi/pt/text.mustache", "Oi {{name}}, {{body}}\n"},
    {"hi/pt/html.mustache", "<b>Oi {{name}}</b>\n"},
};

Files with(Files files, const Files& more) {
    for (const auto& [path, text] : more) {
        files[path] = text;
    }
    return files;
}

TEST(Templates, RenderSubjectTextAndHtml) {
    const auto templates = load(plain);
    ASSERT_TRUE(templates) << templates.error().message;
    const auto email = templates->render("hi", "", {{"name", "<Ann>"}, {"body", "how are you?"}});
    ASSERT_TRUE(email);
    EXPECT_EQ(email->subject, "Hi <Ann>");
    EXPECT_EQ(email->text, "Hi <Ann>, how are you?\n");
    EXPECT_EQ(email->html, "<b>Hi &lt;Ann&gt;</b>\n");
    EXPECT_TRUE(email->missing_variables.empty());
}

TEST(Templates, SayWhichVariablesWereMissing) {
    const auto templates = load(plain);
    const auto email = templates->render("hi", "", {});
    ASSERT_TRUE(email);
    EXPECT_THAT(email->missing_variables, ElementsAre("body", "name"));
    EXPECT_THAT(templates->variables("hi", "pt"), ElementsAre("body", "name"));
    EXPECT_TRUE(templates->variables("gone", "").empty());
}

TEST(Templates, FallBackFromALocaleToWiderOnes) {
    const auto templates = load(plain);
    const auto subject = [&](const std::string& locale) {
        return templates->render("hi", locale, {{"name", "x"}})->subject;
    };
    EXPECT_EQ(subject("pt"), "Oi x");
    EXPECT_EQ(subject("pt-BR"), "Oi x");
    EXPECT_EQ(subject("PT_br"), "Oi x");
    EXPECT_EQ(subject("en"), "Hi x");
    EXPECT_EQ(subject("xx-Latn-YY"), "Hi x");
    EXPECT_THAT(templates->locales("hi"), ElementsAre("default", "pt"));
    EXPECT_THAT(templates->names(), ElementsAre("hi"));
}

TEST(Templates, FallBackToEnglishWhereThereIsNoDefault) {
    const auto templates =
        load({{"a/en/text.mustache", "english"}, {"b/pt/text.mustache", "português"}});
    ASSERT_TRUE(templates);
    EXPECT_EQ(templates->render("a", "pt-BR", {})->text, "english");
    EXPECT_EQ(
        templates->render("b", "en", {}).error().message,
        "template 'b' is not there for locale 'en': there is pt"
    );
}

TEST(Templates, AreNamedWithWhatThereIsWhenOneIsMissing) {
    const auto templates = load(plain);
    EXPECT_EQ(
        templates->render("gone", "", {}).error().message,
        "there is no template 'gone': there is hi"
    );
}

TEST(Templates, TakeNoPathForANameOrALocale) {
    const auto templates = load(with(plain, {{"layout/text.mustache", "{{> content}}"}}));
    const Strings paths = {
        "..",
        "../hi",
        "hi/pt",
        "/etc/passwd",
        "hi\n",
        std::string("hi\0", 3),
        ".",
        std::string(65, 'a')};
    for (const std::string& path : paths) {
        EXPECT_FALSE(templates->render(path, "", {})) << path;
        EXPECT_FALSE(templates->render("hi", path, {})) << path;
    }
    for (const std::string& name : Strings{"", "layout", "partials"}) {
        EXPECT_FALSE(templates->render(name, "", {})) << name;
    }
}

TEST(Templates, MakeASubjectOfOneLine) {
    const auto templates =
        load({{"a/subject.mustache", " {{x}}\n  and more\n"}, {"a/text.mustache", "t"}});
    EXPECT_EQ(
        templates->render("a", "", {{"x", "one\r\nBcc: two"}})->subject, "one Bcc: two and more"
    );
}

TEST(Templates, TakeTheEventsSubjectWhereThereIsNone) {
    const auto templates = load({{"a/text.mustache", "t"}});
    EXPECT_EQ(
        templates->render("a", "", {{"subject", "From the\nevent"}})->subject, "From the event"
    );
}

TEST(Templates, StandInTheSharedLayout) {
    const auto templates = load(with(
        plain,
        {{"layout/html.mustache", "<title>{{subject_line}}</title>\n{{> content}}\n{{> end}}\n"},
         {"layout/text.mustache", "{{> content}}\n--\n{{> end}}\n"},
         {"partials/end/html.mustache", "<i>bye</i>\n"},
         {"partials/end/text.mustache", "bye\n"},
         {"partials/end/pt/html.mustache", "<i>tchau</i>\n"}}
    ));
    ASSERT_TRUE(templates) << templates.error().message;
    const auto email = templates->render("hi", "pt", {{"name", "Ann & Co"}, {"body", "."}});
    EXPECT_EQ(
        email->html, "<title>Oi Ann &amp; Co</title>\n<b>Oi Ann &amp; Co</b>\n<i>tchau</i>\n"
    );
    EXPECT_EQ(email->text, "Oi Ann & Co, .\n--\nbye\n");
    EXPECT_THAT(templates->variables("hi", ""), ElementsAre("body", "name"));
}

TEST(Templates, StandAloneWhereTheHtmlIsAWholeDocument) {
    const auto templates =
        load({{"layout/html.mustache", "[{{> content}}]"}, {"a/html.mustache", "<!doctype html>x"}}
        );
    EXPECT_EQ(templates->render("a", "", {})->html, "<!doctype html>x");
}

TEST(Templates, AreAllCheckedAtStartWithFileAndLine) {
    const std::string error = error_of(
        with(plain, {{"hi/text.mustache", "a\n{{#x}}"}, {"bad/text.mustache", "{{> gone}}"}})
    );
    EXPECT_THAT(error, HasSubstr("hi/text.mustache:2: section 'x' is never closed"));
    EXPECT_THAT(error, HasSubstr("bad/text.mustache:1: there is no partial 'gone'"));
    EXPECT_THAT(
        error_of(with(plain, {{"partials/p/text.mustache", "{{> p}}"}})),
        HasSubstr("the partial includes itself")
    );
    EXPECT_THAT(
        error_of(with(plain, {{"hi/html.mustache", "{{> content}}"}})),
        HasSubstr("there is no partial 'content'")
    );
    EXPECT_THAT(
        error_of(with(
            plain,
            {{"layout/html.mustache", "{{> content}}"}, {"hi/html.mustache", "{{> content}}"}}
        )),
        HasSubstr("the partial includes itself")
    );
}

TEST(Templates, MustHaveTheSamePartsInEveryLocale) {
    Files files = plain;
    files.erase("hi/pt/html.mustache");
    EXPECT_THAT(error_of(files), HasSubstr("there is no html.mustache beside it"));
    EXPECT_THAT(
        error_of({{"a/subject.mustache", "only"}}),
        HasSubstr("has neither text.mustache nor html.mustache")
    );
}

TEST(Templates, AreFilesOfKnownNamesAndBoundedSize) {
    EXPECT_THAT(
        error_of(with(plain, {{"hi/txt.mustache", "x"}})),
        HasSubstr("hi/txt.mustache has no place there")
    );
    EXPECT_THAT(
        error_of(with(plain, {{"h i/text.mustache", "x"}})), HasSubstr("is no name of a template")
    );
    EXPECT_THAT(
        error_of(with(plain, {{"hi/p t/text.mustache", "x"}})), HasSubstr("is no name of a locale")
    );
    EXPECT_THAT(
        error_of(with(plain, {{"hi/text.mustache", std::string(256 * 1024 + 1, 'x')}})),
        HasSubstr("is over 256 KiB")
    );
    EXPECT_THAT(
        error_of(with(plain, {{"hi/text.mustache", "\xff"}})), HasSubstr("is not UTF-8 text")
    );
    EXPECT_EQ(
        error_of(
            with(plain, {{"hi/README.md", "x"}, {".git/x y/text.mustache", "{{"}, {"README", "x"}})
        ),
        ""
    );
}

TEST(Templates, AreAFolderThatIsThere) {
    EXPECT_THAT(Templates::load("/nonexistent").error().message, HasSubstr("TEMPLATES_DIR"));
    EXPECT_THAT(error_of({}), HasSubstr("holds no template"));
}

TEST(Templates, BoundWhatOneEventCanMakeOfThem) {
    const auto templates = load({{"a/text.mustache", "{{#l}}{{x}}{{/l}}"}});
    const boost::json::object variables = {
        {"l", boost::json::array(4000, 1)}, {"x", std::string(1000, 'x')}};
    EXPECT_EQ(
        templates->render("a", "", variables).error().message,
        "template 'a': the template with these variables becomes too large"
    );
}

TEST(TemplateNames, AreLettersDigitsUnderscoreAndHyphen) {
    EXPECT_TRUE(is_template_name("password_reset-2"));
    EXPECT_TRUE(is_template_name(std::string(64, 'a')));
    for (const std::string& name : Strings{"", ".", "a.b", "a/b", "a\\b", "é", "a b", "a\n"}) {
        EXPECT_FALSE(is_template_name(name)) << name;
    }
}

TEST(TemplateLocales, FallBackFromTheNarrowestOn) {
    EXPECT_THAT(locale_fallbacks("pt-BR"), ElementsAre("pt-br", "pt", "", "en"));
    EXPECT_THAT(
        locale_fallbacks("zh_Hant_TW"), ElementsAre("zh-hant-tw", "zh-hant", "zh", "", "en")
    );
    EXPECT_THAT(locale_fallbacks(""), ElementsAre("", "en"));
    EXPECT_THAT(locale_fallbacks("-"), ElementsAre("-", "", "en"));
}

}  // namespace
}  // namespace chatear::mail
