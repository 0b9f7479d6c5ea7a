#include "deletion/recovery_page.hpp"

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "deletion/recovery_token.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

namespace chatear::deletion {
namespace {

const runtime::MetricDeclaration pages{
    .name = "chatear_recovery_pages_total",
    .help = "Answers of the recovery page, by what it said.",
    .labels = {"page"}};

PageKind kind_of(TokenState state) {
    switch (state) {
        case TokenState::usable:
            return PageKind::ask;
        case TokenState::used:
            return PageKind::used;
        case TokenState::too_late:
            return PageKind::too_late;
        case TokenState::cancelled:
            return PageKind::cancelled;
        case TokenState::unknown:
            break;
    }
    return PageKind::unknown;
}

PageKind kind_of(RequestOutcome outcome) {
    switch (outcome) {
        case RequestOutcome::accepted:
            return PageKind::recovered;
        case RequestOutcome::too_late:
            return PageKind::too_late;
        case RequestOutcome::rejected:
            return PageKind::unknown;
        default:  // Somebody else was faster.
            return PageKind::used;
    }
}

std::string value_of(const http::Parameters& parameters, std::string_view name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
}

}  // namespace

http::Router RecoveryPage::router(const std::string& path) {
    http::Router router;
    std::vector<std::string> paths(1, path);
    if (path != "/") {
        paths.emplace_back("/");
    }
    for (const std::string& at : paths) {
        router.add("GET", at, [this](http::Request request) { return show(std::move(request)); });
        router.add("POST", at, [this](http::Request request) {
            return recover(std::move(request));
        });
    }
    return router;
}

asio::awaitable<http::Response> RecoveryPage::show(http::Request request) {
    const std::string token = value_of(request.query, "token");
    PageKind kind = PageKind::unavailable;
    try {
        kind = co_await look_up(token, request.peer);
    } catch (const Unavailable& unavailable) {
        log::debug("the recovery page could not be shown", {{"reason", unavailable.why()}});
    }
    co_return answer(request, kind, token);
}

asio::awaitable<http::Response> RecoveryPage::recover(http::Request request) {
    const auto form = http::parse_form(request.body);
    const std::string token = form ? value_of(*form, "token") : std::string();
    PageKind kind = PageKind::unavailable;
    try {
        kind = co_await look_up(token, request.peer);
        if (kind == PageKind::ask) {
            kind = PageKind::unavailable;
            kind = co_await enter(token);
        }
    } catch (const Unavailable& unavailable) {
        log::warn("a recovery over the page must be tried again", {{"reason", unavailable.why()}});
    } catch (const RequestBlocked& blocked) {
        log::warn("a recovery over the page must be tried again", {{"reason", blocked.what()}});
    }
    co_return answer(request, kind, token);
}

/// By the digest alone, so that how long it takes says nothing about how much of a token is right.
asio::awaitable<PageKind> RecoveryPage::look_up(std::string token, std::string peer) {
    std::optional<std::string> digest = recovery_token_sha256(token);
    if (!digest) {
        co_return refuse(peer);
    }
    const TokenState state = co_await store_.look_up_token(std::move(*digest));
    if (state == TokenState::unknown) {
        co_return refuse(peer);
    }
    co_return kind_of(state);
}

asio::awaitable<PageKind> RecoveryPage::enter(std::string token) {
    Request request;
    request.kind = RequestKind::recovery;
    request.event_id = "page." + random_uuid();
    request.token_sha256 = recovery_token_sha256(token).value_or("");
    request.by_page = true;
    const RequestReply reply = co_await enter_(std::move(request));
    co_return kind_of(reply.outcome);
}

PageKind RecoveryPage::refuse(const std::string& peer) {
    const bool too_many = wrong_tokens_.add(peer, clock_.boot_time());
    return too_many ? PageKind::too_many : PageKind::unknown;
}

http::Response RecoveryPage::answer(
    const http::Request& request, PageKind kind, const std::string& token
) {
    const std::vector<std::string> label(1, std::string(to_text(kind)));
    metrics_.counter(pages, label).add();
    const Language language = preferred_language(request.header("Accept-Language").value_or(""));
    http::Response response;
    response.status = status_of(kind);
    response.content_type = "text/html; charset=utf-8";
    response.body = page_html(kind, language, token);
    response.headers = {
        {"Content-Language", language == Language::portuguese ? "pt" : "en"},
        {"Vary", "Accept-Language"},
        {"X-Robots-Tag", "noindex, nofollow"}};
    if (kind == PageKind::too_many) {
        response.headers.push_back({"Retry-After", std::to_string(WrongTokens::period.count())});
    } else if (kind == PageKind::unavailable) {
        response.headers.push_back({"Retry-After", "10"});
    }
    return response;
}

RecoveryPageService::RecoveryPageService(
    const asio::any_io_executor& executor, const ListenAddress& address, http::Router router
)
    : host_(address.host), server_(executor, address, std::move(router), http::ServerOptions{}) {}

void RecoveryPageService::start() {
    server_.start();
    const std::string address = fmt::format("{}:{}", host_, server_.port());
    log::info("serving the recovery page", {{"address", address}});
}

}  // namespace chatear::deletion
