#pragma once

#include "base/clock.hpp"
#include "deletion/daily_limits.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/local_times.hpp"
#include "deletion/recovery_mail.hpp"
#include "mail/address.hpp"
#include "mail/message.hpp"
#include "mail/templates.hpp"
#include "notification/mail_transport.hpp"
#include "notification/settings.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/judge.hpp"
#include "runtime/retry_policy.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace chatear::deletion {

/// Sends recovery mails, each driven from its deletion's row (rules 4 to 7). The claim in
/// `email_sends` comes first: slot, token and content are then one process's alone. One that dies
/// in between is found by the next pass in what stands in the ledger. After a change of address the
/// notice to the old one is sent first, and tried again as the mail is.
class RecoveryMailer {
public:
    /// Everything must outlive it.
    struct Parts {
        DeletionStore& store;
        DailyLimits& limits;
        LocalTimes& local_times;
        runtime::Judge& judge;  ///< Over recovery_mail_ledger().
        runtime::ContentGate& gate;
        notification::MailTransport& transport;
        const mail::Templates& templates;
        const Clock& clock;
    };
    struct Settings {
        mail::Address from;
        notification::OnAmbiguity on_ambiguity = notification::OnAmbiguity::resend;
        std::string recovery_url;
        std::chrono::milliseconds recovery_period{std::chrono::hours(24)};
        int daily_limit = 2;
        runtime::RetryPolicy retry{};
    };
    /// Told of every change that happened, and of every mail of which a second copy may exist.
    struct Observer {
        std::function<void(const Change&)> changed;
        std::function<void(const std::string& event_id)> possible_duplicate;
    };

    RecoveryMailer(Parts parts, Settings settings, Observer observer);

    /// What became of a mail, for who gives the next.
    enum class Handled {
        moved,    ///< Something happened: it is worth to look again at once.
        nothing,  ///< It is in somebody else's hands, or was changed meanwhile.
        outage,   ///< It waits, and the next would fare alike.
    };

    /// One queued deletion whose mail is due, to its next state. Throws Unavailable: then it is as
    /// it was, or the next pass finds what happened.
    asio::awaitable<Handled> handle(MailJob job);

    /// A content has begun and its verdict does not stand.
    bool content_in_hand() const { return contents_ > 0; }

private:
    /// A letter in hand: claimed, then with its slot, then with its token.
    struct Trying;
    using Shared = std::shared_ptr<Trying>;

    /// One try of a letter, to the verdict in the ledger.
    struct Tried {
        std::optional<Handled> decided{};  ///< Nothing more is to be done about it.
        TryEnd end{};
    };

    asio::awaitable<Handled> send(Letter letter);
    asio::awaitable<Handled> send_notice(Letter letter);
    asio::awaitable<Tried> try_once(Letter letter);

    asio::awaitable<Shared> claim(Letter letter);
    /// Nothing: over the day's limit.
    asio::awaitable<std::optional<TryEnd>> attempt(Shared trying);
    asio::awaitable<bool> take_slot(Shared trying);
    asio::awaitable<void> inherit_slot(Letter letter);
    asio::awaitable<void> settle_left_slot(Letter letter, std::optional<MailRecord> record);
    asio::awaitable<TryEnd> deliver(Shared trying);
    asio::awaitable<Result<mail::Message>> compose(Shared trying);
    asio::awaitable<bool> may_begin(Shared trying);
    asio::awaitable<bool> record(Shared trying, TryEnd end);
    asio::awaitable<void> settle_slot(Letter letter, TryEnd end);

    asio::awaitable<MailContext> context_of(MailResult& result);
    asio::awaitable<Handled> conclude(Deletion deletion, MailResult result);
    asio::awaitable<Handled> conclude_notice(Letter letter, MailResult result);
    asio::awaitable<Handled> postpone(Deletion deletion, Time refused_at);
    asio::awaitable<Handled> apply(Change change);
    bool is_last(const Letter& letter) const;

    Parts parts_;
    Settings settings_;
    Observer observer_;
    std::mt19937 random_{std::random_device{}()};
    std::uint64_t claims_ = 0;
    std::map<std::string, std::uint64_t> unanswered_;  // Claims: nobody knows whether they stand.
    int contents_ = 0;
};

}  // namespace chatear::deletion
