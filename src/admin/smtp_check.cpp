#include "admin/checks.hpp"
#include "net/resolver.hpp"
#include "smtp/session.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::admin {
namespace {

constexpr std::chrono::milliseconds patience{4'000};  // A step; the RFC's minutes are for mail.

std::string extension_names(const smtp::Extensions& extensions) {
    std::vector<std::string> names;
    const std::pair<bool, const char*> known[] = {
        {extensions.pipelining, "PIPELINING"},
        {extensions.chunking, "CHUNKING"},
        {extensions.eight_bit_mime, "8BITMIME"},
        {extensions.smtputf8, "SMTPUTF8"},
        {extensions.size, "SIZE"},
        {extensions.starttls, "STARTTLS"},
        {extensions.dsn, "DSN"}};
    for (const auto& [announced, name] : known) {
        if (announced) {
            names.emplace_back(name);
        }
    }
    return names.empty() ? "no extensions" : fmt::format("{}", fmt::join(names, " "));
}

void judge_round_trips(
    const smtp::Extensions& extensions, const smtp::Options& options, Findings& findings
) {
    if (!extensions.pipelining) {
        findings.warning(
            "no PIPELINING: each message takes four round trips",
            "a server that announces it, as close as can be"
        );
    } else if (extensions.chunking && options.window > 1) {
        findings.ok(fmt::format(
            "up to {} messages are under way on each of {} connections (SMTP_WINDOW)",
            options.window,
            options.connections
        ));
    } else {
        findings.ok(fmt::format(
            "a message takes one round trip on each of {} connections", options.connections
        ));
    }
}

void judge_session(const smtp::Session& session, const smtp::Options& options, Findings& findings) {
    findings.ok(fmt::format(
        "{}:{} takes mail, {}",
        options.host,
        options.port,
        session.encrypted() ? "under TLS" : "without TLS"
    ));
    const smtp::Extensions& extensions = session.extensions();
    findings.ok("it announces " + extension_names(extensions));
    if (extensions.max_message_bytes > 0) {
        findings.ok(fmt::format("messages may have {} bytes", extensions.max_message_bytes));
    }
    judge_round_trips(extensions, options, findings);
    findings.ok(options.credentials ? "it accepted SMTP_USER" : "no SMTP_USER: no authentication");
    if (options.credentials && !session.encrypted()) {
        findings.warning("the password was sent without TLS", "SMTP_TLS=starttls or implicit");
    }
}

}  // namespace

asio::awaitable<void> check_smtp(Tool& tool, std::shared_ptr<Findings> findings) {
    auto options = std::make_shared<smtp::Options>(tool.settings(smtp::read_settings));
    options->limits.connect = patience;
    options->limits.tls = patience;
    options->limits.greeting = patience;
    options->limits.hello = patience;
    options->limits.authentication = patience;
    net::Resolver resolver(tool.executor());
    smtp::Session session(tool.executor(), options);
    const std::optional<smtp::OpenFailure> failure = co_await session.open(resolver);
    if (failure) {
        const bool ours = failure->culprit == smtp::Culprit::sender_or_server;
        findings->problem(
            fmt::format("{}:{}: {}", options->host, options->port, failure->why),
            ours ? "it does not want us: SMTP_USER, SMTP_PASS, SMTP_HELO_NAME"
                 : "is it up, and are SMTP_HOST, SMTP_PORT and SMTP_TLS right?"
        );
        co_return;
    }
    judge_session(session, *options, *findings);
    co_await session.quit();
}

}  // namespace chatear::admin
