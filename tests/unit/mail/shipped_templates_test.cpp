#include "mail/templates.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Templates& shipped() {
    static const Result<Templates> templates = Templates::load("templates");
    return *templates;
}

RenderedEmail rendered(
    const std::string& name, const std::string& locale, const boost::json::object& variables
) {
    return *shipped().render(name, locale, variables);
}

TEST(ShippedTemplates, AreSixInTwoLanguages) {
    EXPECT_THAT(
        shipped().names(),
        ElementsAre(
            "account_deleted",
            "account_recovered",
            "account_recovery",
            "magic_link",
            "password_reset",
            "welcome"
        )
    );
    for (const std::string& name : shipped().names()) {
        EXPECT_THAT(shipped().locales(name), ElementsAre("default", "pt")) << name;
    }
}

TEST(ShippedTemplates, AskForTheSameInBothLanguages) {
    for (const std::string& name : shipped().names()) {
        EXPECT_EQ(shipped().variables(name, "en"), shipped().variables(name, "pt")) << name;
    }
}

/// Events of the original's shape have a recipient, a subject and a body, and no template_data.
TEST(ShippedTemplates, WorkWithoutTemplateData) {
    const boost::json::object event = {
        {"recipient", "ann@example.org"}, {"subject", "s"}, {"body", "first\nsecond <&>"}};
    for (const std::string& name : shipped().names()) {
        for (const std::string& locale : Strings{"en", "pt"}) {
            const RenderedEmail email = rendered(name, locale, event);
            EXPECT_THAT(email.missing_variables, ElementsAre()) << name;
            EXPECT_FALSE(email.subject.empty());
            EXPECT_THAT(email.text.value_or(""), HasSubstr("first\nsecond <&>"));
            EXPECT_THAT(email.html.value_or(""), HasSubstr("first\nsecond &lt;&amp;&gt;"));
            EXPECT_THAT(
                email.html.value_or(""), HasSubstr(locale == "en" ? "lang=\"en\"" : "lang=\"pt\"")
            );
            EXPECT_THAT(email.html.value_or(""), HasSubstr("<title>" + email.subject + "</title>"));
        }
    }
}

TEST(ShippedTemplates, ShowTheirLinkInTextAndHtml) {
    const std::string url = "https://chatear.example/x?a=1&b=2";
    const boost::json::object variables = {
        {"login_url", url}, {"reset_url", url}, {"recovery_url", url}, {"name", "Ann"}};
    for (const std::string& name :
         Strings{"account_recovery", "magic_link", "password_reset", "welcome"}) {
        for (const std::string& locale : Strings{"en", "pt"}) {
            const RenderedEmail email = rendered(name, locale, variables);
            EXPECT_THAT(email.text.value_or(""), HasSubstr("\n" + url + "\n")) << name;
            EXPECT_THAT(
                email.html.value_or(""), HasSubstr("href=\"https://chatear.example/x?a=1&amp;b=2\"")
            ) << name;
            EXPECT_THAT(email.text.value_or(""), HasSubstr("Ann"));
            EXPECT_THAT(email.html.value_or(""), Not(HasSubstr("{{")));
        }
    }
}

TEST(ShippedTemplates, ARecoveryMailSaysTheTimeInUtcAndWhereTheUserLives) {
    boost::json::object variables = {{"scheduled_at", "2026-11-26 12:00 UTC"}};
    EXPECT_THAT(
        rendered("account_recovery", "en", variables).text.value_or(""),
        HasSubstr("deleted on 2026-11-26 12:00 UTC, as")
    );
    variables["scheduled_at_local"] = "2026-11-26 09:00";
    variables["time_zone"] = "America/Sao_Paulo";
    EXPECT_THAT(
        rendered("account_recovery", "pt-BR", variables).text.value_or(""),
        HasSubstr("em 2026-11-26 12:00 UTC (2026-11-26 09:00, America/Sao_Paulo), como")
    );
    EXPECT_THAT(
        rendered("account_recovery", "en", variables).html.value_or(""),
        HasSubstr("UTC</strong> (2026-11-26 09:00, America/Sao_Paulo), as")
    );
}

TEST(ShippedTemplates, LookAsTheyShould) {
    EXPECT_EQ(
        rendered(
            "magic_link",
            "pt-BR",
            {{"name", "Ana"}, {"login_url", "https://c.example/1"}, {"expires_in", "15 minutos"}}
        ).text,
        "Olá, Ana!\n\nAqui está seu link para entrar no Chatear.\n\n"
        "Ele funciona uma vez, em até 15 minutos:\nhttps://c.example/1\n\n"
        "Se você não o pediu, ignore este e-mail e não passe o link a ninguém.\n\n-- \nChatear\n"
        "Você recebe este e-mail porque este endereço pertence a uma conta do Chatear.\n"
    );
}

}  // namespace
}  // namespace chatear::mail
