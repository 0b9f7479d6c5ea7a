#pragma once

#include "net/moment.hpp"
#include "smtp/mail_transaction.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::smtp {

/// How messages may follow one another on a connection.
struct Conduct {
    bool pipelining = false;  ///< Commands in groups (RFC 2920).
    /// A group may begin before what stands before it is answered: a content and the next envelope
    /// in one, and with chunking whole messages one behind the other. Requires pipelining.
    bool merging = false;
    bool chunking = false;  ///< Contents by BDAT (RFC 3030). Requires pipelining.
    /// It was seen that the server takes BDAT. To one that only announces it (an appliance in front
    /// of it may) what follows BDAT would be commands: until then one message at a time, by probe.
    bool chunking_proven = false;
    std::size_t window = 1;  ///< Messages under way at once, with chunking.

    bool operator==(const Conduct&) const = default;
};

/// The messages under way on one connection, in the order in which they leave: what may be written
/// now, and whose each reply is. Does no I/O. States and the reasons: docs/smtp.md.
class MailPipeline {
public:
    using Id = std::uint64_t;  ///< Of a message, in this pipeline.
    using Moment = net::Moment;

    /// Content under way at once, beyond one message.
    static constexpr std::size_t max_window_bytes = std::size_t{1024} * 1024;

    /// A permission that could not be used at once is asked for again: it says what was true then.
    static constexpr std::chrono::milliseconds permission_lasts{1000};

    /// With chunking a connection on which an envelope was refused may come to so many of them.
    /// Exim counts the RSET behind each, and hangs up at the eleventh (smtp_accept_max_nonmail);
    /// Postfix counts RCPT and BDAT, and does at the 21st without an acceptance in between
    /// (smtpd_hard_error_limit). Then whole messages stand behind that nobody answers any more, and
    /// even what was answered is lost where the kernel resets the connection (measured with both).
    static constexpr std::size_t most_refused = 9;

    /// With chunking, messages under way before one was accepted; one more for each that was.
    /// Nothing is known of their envelopes yet, and if all are refused it is still not too much.
    static constexpr std::size_t first_window = 8;

    struct Ended {
        Id id = 0;
        SendResult result;
    };

    explicit MailPipeline(Conduct conduct) : conduct_(conduct) {}

    /// Whether one more message could leave at once or together with what leaves next.
    bool has_room() const;
    /// Requires has_room(). `by_data`: no probe with this one.
    Id add(const Envelope& envelope, Mail mail, bool by_data = false);
    Id add_unsendable(std::string why);  ///< As MailTransaction's second constructor.

    /// A message that is to be asked about; each once, and again when it begins again.
    std::optional<Id> next_to_ask();
    /// Ends it where it is refused. One that is not under way any more is passed over.
    void on_permission(Id id, bool granted, Moment now, std::vector<Ended>& ended);

    /// Nobody waits for it any more: it is broken off, with the connection if it has begun.
    void abandon(Id id);

    /// What to write now in one gathered write; empty = nothing. The bytes live until the next call
    /// of any member that is not const.
    const std::vector<std::string_view>& take_output(Moment now);

    /// Whether the last output held the end of a content.
    bool content_left() const { return content_left_; }

    /// What the next reply will answer; nothing = none is due.
    std::optional<Step> awaited() const;

    /// Adds what has ended by it to `ended`. One that nobody asked for ends the connection.
    void on_reply(Reply reply, std::vector<Ended>& ended);

    /// Everything that is under way ends. `by_peer`: it was not we who closed.
    std::vector<Ended> on_connection_lost(std::string_view why, bool by_peer);

    /// It is near that, and a new connection is better: its window is larger.
    bool worn() const { return refused_ > most_refused / 2; }

    /// No message may begin any more; those that have begun go on to their end.
    void retire() { retired_ = true; }
    bool usable() const { return usable_ && !retired_; }
    /// The server has said 421, and nothing that has left is still to be answered.
    bool closing() const { return closing_ && !content_unanswered(); }
    /// The connection is of no more use, and nothing is gained by waiting for more replies.
    bool wants_close() const;
    bool empty() const { return transactions_.empty(); }

    /// What is known by now of how the server wants it; it may come from another connection.
    const Conduct& conduct() const { return conduct_; }
    /// Does from now on without what the server has refused elsewhere, and with what it has proven.
    void apply(const Conduct& learnt) {
        conduct_.merging = conduct_.merging && learnt.merging;
        conduct_.chunking = conduct_.chunking && learnt.chunking;
        conduct_.chunking_proven = conduct_.chunking_proven || learnt.chunking_proven;
    }

private:
    struct Entry {
        Id id = 0;
        MailTransaction transaction;
        std::size_t bytes = 0;  // Of its content, as it was added.
        Moment permitted_at{};
        int beginnings = 0;  // After a refusal of what stood before it.
        bool abandoned = false;
    };
    using Entries = std::list<Entry>;
    struct Answer {
        Entries::iterator entry;
        Step step = Step::mail;
    };

    Entries::iterator find(Id id);
    Id append(MailTransaction transaction, std::size_t bytes);
    std::size_t window() const;
    Manner manner_for(const Mail& mail, bool by_data) const;
    bool may_begin(const MailTransaction& transaction) const;
    void begin(MailTransaction& transaction);
    void take_from(Entries::iterator entry);
    void let_go_stale(Entry& entry, Moment now) const;
    void note(MailTransaction::Effect effect, Entry& entry);
    bool content_unanswered() const;
    void put_behind_begun(Entries::iterator entry);
    void end(Entries::iterator entry, std::vector<Ended>& ended);

    Conduct conduct_;
    Entries transactions_;        // In the order in which they leave.
    std::deque<Answer> answers_;  // To come; one that begins again is behind others of the list.
    std::vector<std::string_view> pieces_;
    std::vector<Step> steps_;  // Scratch.
    std::size_t bytes_ = 0;    // Of the contents under way.
    std::size_t refused_ = 0;  // Envelopes, with chunking.
    std::size_t accepted_ = 0;
    Id last_id_ = 0;
    bool content_left_ = false;
    bool usable_ = true;  // Bytes may be written.
    bool retired_ = false;
    bool closing_ = false;
    bool needs_reset_ = false;    // A transaction may still be open on the server.
    bool last_accepted_ = false;  // Of the message that ended last.
};

}  // namespace chatear::smtp
