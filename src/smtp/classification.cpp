#include "smtp/classification.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace chatear::smtp {
namespace {

/// Authentication or encryption is missing, wrong or too weak (RFC 4954, RFC 3207).
bool is_about_authentication(const Reply& reply) {
    constexpr std::array codes = {530, 534, 535, 538};
    if (std::find(codes.begin(), codes.end(), reply.code) != codes.end()) {
        return true;
    }
    const std::optional<EnhancedCode> enhanced = reply.enhanced_code();
    constexpr std::array details = {
        3, 8, 9, 10, 11, 14};  // 5.7.x of RFC 4954 and RFC 3463's registry.
    return enhanced && enhanced->status_class == 5 && enhanced->subject == 7 &&
           std::find(details.begin(), details.end(), enhanced->detail) != details.end();
}

/// SPF, DKIM, DMARC or reverse DNS of ours failed (RFC 7372, sections 3 and 4).
bool is_about_our_proof(const EnhancedCode& enhanced) {
    return enhanced.subject == 7 && enhanced.detail >= 20 && enhanced.detail <= 26;
}

/// The words with which servers say that it is our address or network that they refuse.
bool names_us(const Reply& reply) {
    constexpr std::array<std::string_view, 14> words = {
        "relay",
        "blocked",
        "block list",
        "blocklist",
        "blacklist",
        "denylist",
        "spamhaus",
        "client host",
        "your ip",
        "reputation",
        "banned",
        "authenticat",
        "sender address",
        "not authorized",
    };
    std::string text = reply.text;
    std::transform(text.begin(), text.end(), text.begin(), [](char character) {
        return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                    : character;
    });
    return std::any_of(words.begin(), words.end(), [&text](std::string_view word) {
        return text.find(word) != std::string::npos;
    });
}

/// The enhanced code has this subject and detail.
bool is(const std::optional<EnhancedCode>& enhanced, int subject, int detail) {
    return enhanced && enhanced->subject == subject && enhanced->detail == detail;
}

/// 5xx that are about us at every step of a transaction.
bool is_about_us(const Reply& reply) {
    const std::optional<EnhancedCode> enhanced = reply.enhanced_code();
    const bool refused_by_policy =
        enhanced ? enhanced->subject == 7 : reply.code == 550 || reply.code == 554;
    return is_about_authentication(reply) || reply.code == 500 || reply.code == 502 ||
           (enhanced && is_about_our_proof(*enhanced)) || (refused_by_policy && names_us(reply));
}

/// MAIL names only our sender, which does not change between messages: what is refused here is
/// refused to all, unless it is the size or the need of SMTPUTF8.
Culprit judge_mail(const Reply& reply) {
    const std::optional<EnhancedCode> enhanced = reply.enhanced_code();
    if (is(enhanced, 3, 4) || is(enhanced, 2, 3) || is(enhanced, 6, 7)) {
        return Culprit::never_message;
    }
    if (reply.code == 552 && !enhanced) {
        return Culprit::never_message;
    }
    return reply.code == 503 ? Culprit::unavailable : Culprit::sender_or_server;
}

Culprit judge_rcpt(const Reply& reply) {
    if (reply.code == 503) {
        return Culprit::unavailable;
    }
    if (reply.code == 552) {
        return Culprit::try_later;  // RFC 5321, 4.5.3.1.10: to be taken as 452.
    }
    if (is_about_us(reply) || reply.code == 555) {
        return Culprit::sender_or_server;
    }
    return Culprit::never_recipient;
}

/// The reply to DATA or to the content. 5.2.x there is the sender's own mailbox or quota at
/// providers through which one submits (Exchange Online: 554 5.2.2, 550 5.2.251 to .255).
Culprit judge_content(const Reply& reply) {
    const std::optional<EnhancedCode> enhanced = reply.enhanced_code();
    const bool our_mailbox = enhanced && enhanced->subject == 2 && enhanced->detail != 3;
    if (is_about_us(reply) || our_mailbox) {
        return Culprit::sender_or_server;
    }
    return reply.code == 503 ? Culprit::unavailable : Culprit::never_message;
}

Culprit judge_refusal(Step step, const Reply& reply) {
    switch (step) {
        case Step::mail:
            return judge_mail(reply);
        case Step::rcpt:
            return judge_rcpt(reply);
        case Step::data:
        case Step::content:
            return judge_content(reply);
        case Step::greeting:
        case Step::hello:
        case Step::authentication:
            return Culprit::sender_or_server;
        case Step::connect:
        case Step::starttls:
        case Step::tls:
        case Step::reset:
        case Step::quit:
            return Culprit::unavailable;
    }
    return Culprit::unavailable;
}

/// 4xx. Before a transaction nobody is judged; in one, 421 to the content is charged to the message
/// whose content it answers: the server may hang up because of it.
Culprit judge_delay(Step step, const Reply& reply) {
    if (step == Step::content) {
        return Culprit::try_later;
    }
    const bool in_transaction = step == Step::mail || step == Step::rcpt || step == Step::data;
    return in_transaction && !asks_for_less(reply) ? Culprit::try_later : Culprit::unavailable;
}

}  // namespace

std::string_view to_text(Step step) {
    constexpr std::array<std::string_view, 12> names = {
        "connect",
        "greeting",
        "hello",
        "starttls",
        "tls",
        "authentication",
        "reset",
        "mail",
        "rcpt",
        "data",
        "content",
        "quit",
    };
    return names.at(static_cast<std::size_t>(step));
}

std::string_view to_text(Culprit culprit) {
    constexpr std::array<std::string_view, 6> names = {
        "accepted",
        "try_later",
        "never_recipient",
        "never_message",
        "sender_or_server",
        "unavailable",
    };
    return names.at(static_cast<std::size_t>(culprit));
}

bool asks_for_less(const Reply& reply) {
    return reply.code == 421 || reply.code == 432 || reply.code == 454;
}

Culprit classify(Step step, const Reply& reply) {
    const Verdict wanted = step == Step::data ? Verdict::go_on : Verdict::accepted;
    const Verdict verdict = reply.verdict();
    if (verdict == wanted) {
        return Culprit::accepted;
    }
    switch (verdict) {
        case Verdict::accepted:
        case Verdict::go_on:
            return Culprit::unavailable;  // 250 to DATA: the server is in another step than we.
        case Verdict::try_later:
        case Verdict::unavailable:
            return judge_delay(step, reply);
        case Verdict::never:
            return judge_refusal(step, reply);
    }
    return Culprit::unavailable;
}

}  // namespace chatear::smtp
