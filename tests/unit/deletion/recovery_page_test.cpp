#include "deletion/recovery_page.hpp"

#include "deletion/recovery_token.hpp"
#include "fakes.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Page : public testing::Test {
protected:
    http::Response get(const std::string& token, const std::string& language = "") {
        http::Request request = asked("GET", language);
        request.query["token"] = token;
        return run(&RecoveryPage::show, request);
    }
    http::Response post(const std::string& token, const std::string& language = "") {
        http::Request request = asked("POST", language);
        request.body = "token=" + token;
        return run(&RecoveryPage::recover, request);
    }

    static http::Request asked(const std::string& method, const std::string& language) {
        http::Request request;
        request.method = method;
        request.path = "/recover";
        request.peer = "192.0.2.1";
        if (!language.empty()) {
            request.headers.push_back({"accept-language", language});
        }
        return request;
    }

    http::Response run(
        asio::awaitable<http::Response> (RecoveryPage::*handler)(http::Request),
        const http::Request& request
    ) {
        asio::io_context context;
        http::Response response;
        const auto body = [&]() -> asio::awaitable<void> {
            response = co_await (page_.*handler)(request);
        };
        test::run_coroutine(context, body);
        return response;
    }

    asio::awaitable<RequestReply> enter(Request request) {
        entered_.push_back(request);
        if (down_) {
            throw Unavailable("postgres", "test:1", "down");
        }
        RequestReply reply;
        reply.outcome = outcome_;
        co_return reply;
    }

    const RecoveryToken token_ = make_recovery_token();
    FakeDeletionStore store_;
    std::vector<Request> entered_;
    RequestOutcome outcome_ = RequestOutcome::accepted;
    bool down_ = false;
    ManualClock clock_{at(12)};
    runtime::Metrics metrics_;
    RecoveryPage page_{
        store_, [this](Request request) { return enter(std::move(request)); }, clock_, metrics_};
};

TEST_F(Page, Rule13GetShowsAFormAndChangesNothing) {
    store_.tokens[token_.sha256] = TokenState::usable;
    const http::Response shown = get(token_.text);
    EXPECT_EQ(shown.status, 200U);
    EXPECT_THAT(shown.body, HasSubstr("<form method=\"post\""));
    EXPECT_THAT(shown.body, HasSubstr("value=\"" + token_.text + "\""));
    EXPECT_THAT(shown.body, HasSubstr("Keep my account"));
    EXPECT_THAT(shown.body, Not(HasSubstr("<script")));
    EXPECT_THAT(entered_, IsEmpty());
    EXPECT_THAT(store_.calls, ElementsAre("look_up_token"));
}

TEST_F(Page, Rule13PostRecovers) {
    store_.tokens[token_.sha256] = TokenState::usable;
    const http::Response done = post(token_.text);
    EXPECT_EQ(done.status, 200U);
    EXPECT_THAT(done.body, HasSubstr("will not be deleted"));
    EXPECT_THAT(done.body, Not(HasSubstr("<form")));
    ASSERT_EQ(entered_.size(), 1U);
    EXPECT_EQ(entered_[0].kind, RequestKind::recovery);
    EXPECT_EQ(entered_[0].token_sha256, token_.sha256);
    EXPECT_EQ(entered_[0].user_id, "");
    EXPECT_TRUE(entered_[0].by_page);
    EXPECT_EQ(entered_[0].published_at, std::nullopt);
    EXPECT_THAT(entered_[0].event_id, HasSubstr("page."));
}

TEST_F(Page, Rule13EachAnswerIsInPlainWords) {
    const std::vector<std::tuple<TokenState, unsigned, std::string>> answers{
        {TokenState::used, 200, "recovered before"},
        {TokenState::cancelled, 200, "called off"},
        {TokenState::too_late, 410, "too late"},
        {TokenState::unknown, 404, "does not work"}};
    for (const auto& [state, status, words] : answers) {
        SCOPED_TRACE(words);
        store_.tokens[token_.sha256] = state;
        for (const http::Response& response : {get(token_.text), post(token_.text)}) {
            EXPECT_EQ(response.status, status);
            EXPECT_THAT(response.body, HasSubstr(words));
            EXPECT_THAT(response.body, Not(HasSubstr("<form")));
            EXPECT_THAT(response.body, Not(HasSubstr(token_.text)));
        }
    }
    EXPECT_THAT(entered_, IsEmpty());
}

TEST_F(Page, WhatHappensBetweenTheLookAndTheEntryDecides) {
    store_.tokens[token_.sha256] = TokenState::usable;
    outcome_ = RequestOutcome::too_late;
    EXPECT_EQ(post(token_.text).status, 410U);
    outcome_ = RequestOutcome::nothing;
    EXPECT_THAT(post(token_.text).body, HasSubstr("recovered before"));
}

TEST_F(Page, WhatHasNotTheFormOfATokenNeverReachesTheDatabase) {
    for (const std::string token : {"", "abc", "%00", "<script>alert(1)</script>"}) {
        EXPECT_EQ(get(token).status, 404U);
        EXPECT_THAT(get(token).body, Not(HasSubstr("alert(1)")));
    }
    EXPECT_THAT(store_.calls, IsEmpty());
}

TEST_F(Page, Rule13WrongTokensAreLimitedAndARightOneIsNever) {
    store_.tokens[token_.sha256] = TokenState::usable;
    http::Response last;
    for (int i = 0; i <= WrongTokens::most; ++i) {
        last = get(make_recovery_token().text);
    }
    EXPECT_EQ(last.status, 429U);
    EXPECT_EQ(get(token_.text).status, 200U);
    EXPECT_THAT(post(token_.text).body, HasSubstr("will not be deleted"));
    clock_.advance(WrongTokens::period);
    EXPECT_EQ(get(make_recovery_token().text).status, 404U);
}

TEST_F(Page, SaysThatItCannotTellWhileTheDatabaseIsDown) {
    store_.tokens[token_.sha256] = TokenState::usable;
    down_ = true;
    EXPECT_EQ(post(token_.text).status, 503U);
    store_.down = true;
    EXPECT_EQ(get(token_.text).status, 503U);
    EXPECT_EQ(post(token_.text).status, 503U);
}

TEST_F(Page, SpeaksPortugueseWhereItIsPreferred) {
    store_.tokens[token_.sha256] = TokenState::usable;
    EXPECT_THAT(get(token_.text, "pt-BR,pt;q=0.9,en;q=0.8").body, HasSubstr("Manter minha conta"));
    EXPECT_THAT(get(token_.text, "pt-BR").body, HasSubstr("<html lang=\"pt\">"));
    EXPECT_THAT(post(token_.text, "pt").body, HasSubstr("não será excluída"));
}

TEST_F(Page, KeepsOutOfSearchEngines) {
    bool found = false;
    for (const http::Header& header : get(token_.text).headers) {
        found = found || (header.name == "X-Robots-Tag" && header.value == "noindex, nofollow");
    }
    EXPECT_TRUE(found);
}

TEST(RecoveryWords, TakeTheLanguageOfTheGreatestWeight) {
    using enum Language;
    EXPECT_EQ(preferred_language(""), english);
    EXPECT_EQ(preferred_language("de, fr;q=0.9"), english);
    EXPECT_EQ(preferred_language("de, pt;q=0.5, en;q=0.4"), portuguese);
    EXPECT_EQ(preferred_language("pt;q=0.3,en;q=0.4"), english);
    EXPECT_EQ(preferred_language("en, pt"), english);
    EXPECT_EQ(preferred_language("PT-PT"), portuguese);
    EXPECT_EQ(preferred_language("pt;q=0"), english);
    EXPECT_EQ(preferred_language("ptx"), english);
    EXPECT_EQ(preferred_language(";;q=,,"), english);
}

TEST(RecoveryWords, EveryAnswerHasItsWordsInBothLanguages) {
    for (int kind = 0; kind < 8; ++kind) {
        for (const Language language : {Language::english, Language::portuguese}) {
            const std::string page = page_html(static_cast<PageKind>(kind), language, "abc");
            EXPECT_THAT(page, HasSubstr("<h1>"));
            EXPECT_THAT(page, HasSubstr("name=\"viewport\""));
            EXPECT_THAT(page, Not(HasSubstr("<p></p>")));
        }
    }
}

TEST(WrongTokens, AreCountedForEachClientAndRememberedForABoundedNumber) {
    WrongTokens tokens;
    const BootTime now{};
    for (int i = 0; i < WrongTokens::most; ++i) {
        EXPECT_FALSE(tokens.add("a", now));
    }
    EXPECT_TRUE(tokens.add("a", now));
    EXPECT_FALSE(tokens.add("b", now));
    EXPECT_FALSE(tokens.add("a", now + WrongTokens::period));
    for (std::size_t i = 0; i < 2 * WrongTokens::most_clients; ++i) {
        tokens.add(std::to_string(i), now);
    }
    EXPECT_TRUE(tokens.add("one more", now));
    EXPECT_FALSE(tokens.add("one more", now + WrongTokens::period));
}

}  // namespace
}  // namespace chatear::deletion
