#include "smtp/options.hpp"

#include <gtest/gtest.h>

#include <map>

namespace chatear::smtp {
namespace {

struct Read {
    Options options;
    std::vector<Error> errors;
};

Read read(std::map<std::string, std::string, std::less<>> variables) {
    const Environment environment(std::move(variables));
    SettingsReader settings(environment);
    Read result;
    result.options = read_settings(settings);
    result.errors = settings.errors();
    return result;
}

TEST(SmtpOptions, DefaultsAreEightConnectionsAndStarttlsWhereOffered) {
    const Read result = read({{"SMTP_HOST", "mx.test"}, {"SMTP_PORT", "25"}});
    EXPECT_TRUE(result.errors.empty());
    EXPECT_EQ(result.options.host, "mx.test");
    EXPECT_EQ(result.options.port, 25);
    EXPECT_EQ(result.options.connections, 8U);
    EXPECT_EQ(result.options.tls, TlsPolicy::when_offered);
    EXPECT_FALSE(result.options.credentials);
    EXPECT_FALSE(result.options.mechanism);
    EXPECT_FALSE(result.options.helo_name.empty());
    EXPECT_TRUE(result.options.tls_context);
}

TEST(SmtpOptions, TlsFollowsPortAndCredentials) {
    EXPECT_EQ(tls_policy("auto", 465, false), TlsPolicy::implicit);
    EXPECT_EQ(tls_policy("auto", 587, false), TlsPolicy::when_offered);
    EXPECT_EQ(tls_policy("auto", 587, true), TlsPolicy::starttls);
    EXPECT_EQ(tls_policy("starttls", 465, false), TlsPolicy::starttls);
    EXPECT_EQ(tls_policy("implicit", 25, true), TlsPolicy::implicit);
    EXPECT_EQ(tls_policy("off", 465, true), TlsPolicy::off);
}

TEST(SmtpOptions, UserAndPasswordBelongTogether) {
    EXPECT_EQ(
        read({{"SMTP_HOST", "a"}, {"SMTP_PORT", "25"}, {"SMTP_USER", "ann"}}).errors.size(), 1U
    );
    EXPECT_EQ(
        read({{"SMTP_HOST", "a"}, {"SMTP_PORT", "25"}, {"SMTP_PASS", "secret"}}).errors.size(), 1U
    );
    const Read both = read(
        {{"SMTP_HOST", "a"},
         {"SMTP_PORT", "25"},
         {"SMTP_USER", "ann"},
         {"SMTP_PASS", "secret"},
         {"SMTP_AUTH", "login"}}
    );
    EXPECT_TRUE(both.errors.empty());
    EXPECT_EQ(both.options.credentials->user, "ann");
    EXPECT_EQ(both.options.credentials->password.reveal(), "secret");
    EXPECT_EQ(both.options.mechanism, Mechanism::login);
    EXPECT_EQ(both.options.tls, TlsPolicy::starttls);
}

TEST(SmtpOptions, EveryMistakeIsNamed) {
    const Read result = read(
        {{"SMTP_PORT", "70000"},
         {"SMTP_TLS", "yes"},
         {"SMTP_CA_FILE", "/nonexistent/ca.pem"},
         {"SMTP_HELO_NAME", "a b"},
         {"SMTP_CONNECTIONS", "0"},
         {"SMTP_WINDOW", "0"}}
    );
    std::string all;
    for (const Error& error : result.errors) {
        all += error.message + "\n";
    }
    for (const char* name :
         {"SMTP_HOST",
          "SMTP_PORT",
          "SMTP_TLS",
          "ca.pem",
          "SMTP_HELO_NAME",
          "SMTP_CONNECTIONS",
          "SMTP_WINDOW"}) {
        EXPECT_NE(all.find(name), std::string::npos) << name << " in\n" << all;
    }
}

TEST(SmtpOptions, TheRfcsTimeLimitsAreTheDefaults) {
    using std::chrono::minutes;
    const TimeLimits limits;
    EXPECT_EQ(limits.of(Step::greeting), minutes(5));
    EXPECT_EQ(limits.of(Step::mail), minutes(5));
    EXPECT_EQ(limits.of(Step::rcpt), minutes(5));
    EXPECT_EQ(limits.of(Step::data), minutes(2));
    EXPECT_EQ(limits.content_write, minutes(3));
    EXPECT_EQ(limits.of(Step::content), minutes(10));
}

}  // namespace
}  // namespace chatear::smtp
