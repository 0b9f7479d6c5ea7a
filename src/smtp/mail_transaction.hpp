#pragma once

#include "smtp/classification.hpp"
#include "smtp/envelope.hpp"
#include "smtp/extensions.hpp"
#include "smtp/reply.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace chatear::smtp {

/// How the sending of one message ended.
enum class SendStatus {
    accepted,        ///< The server has taken responsibility for it.
    try_later,       ///< Refused for now: a counted attempt.
    never,           ///< Refused for good because of the recipient or the message.
    sender_refused,  ///< Refused because of us or the server: pause, alarm, judge no message by it.
    not_sent,        ///< Surely not delivered, and nobody judged it.
    in_doubt,        ///< Its end may have left and no answer came (RFC 1047).
};

std::string_view to_text(SendStatus status);  ///< "in_doubt": a label for logs and metrics.

struct SendResult {
    SendStatus status = SendStatus::not_sent;
    Culprit culprit = Culprit::unavailable;
    Step step = Step::mail;  ///< Where it ended.
    Reply reply;             ///< The deciding one; code 0 where none came, its text then says why.
    bool content_began = false;  ///< A byte of the content may have left.
    bool held_back = false;      ///< The caller did not permit the content.
};

/// One mail transaction on a ready session: MAIL, RCPT, DATA, content (RFC 5321, 3.3). Does no I/O:
/// its owner does what next() says until it is `finished`. With PIPELINING the three commands go
/// in one group (RFC 2920), without it one by one. States: docs/smtp.md.
class MailTransaction {
public:
    /// The content leaves in pieces of this size, each with its own time limit, and so that a
    /// connection lost before the last piece is known not to have delivered anything.
    static constexpr std::size_t max_write_bytes = std::size_t{64} * 1024;

    enum class Next {
        write,    ///< Write take_output().
        read,     ///< Read one reply and pass it to on_reply().
        ask,      ///< Ask whether the content may leave and say so with on_permission().
        finished  ///< result() is there.
    };

    /// `envelope` has passed check() and check_possible(); `stuffed` is dot_stuffed(content);
    /// `parameters` are mail_parameters(). `reset_first` sends RSET in front, for when a
    /// transaction may still be open on the server (a nested MAIL would mix the two).
    MailTransaction(
        const Envelope& envelope,
        const std::string& parameters,
        std::string stuffed,
        bool pipelining,
        bool reset_first
    );

    Next next() const;

    /// What to write now; given once. The bytes live as long as the transaction.
    std::string_view take_output();

    void on_reply(const Reply& reply);  ///< Requires next() == read.

    /// Requires next() == ask. After a refusal the connection cannot be kept: the server waits for
    /// content, and whatever is sent now would be content.
    void on_permission(bool granted);

    /// The connection broke, or its time was up; `why` is for a person.
    void on_connection_lost(std::string_view why);

    /// The step of the reply that is awaited, or of the output at hand: decides the time limit.
    Step step() const;

    const SendResult& result() const { return result_; }  ///< Requires next() == finished.

    /// Once finished: whether another transaction may follow on this connection.
    bool connection_usable() const { return connection_usable_; }
    /// Once finished: whether that one has to begin with RSET.
    bool needs_reset() const { return needs_reset_; }

private:
    enum class State { envelope, permission, content, lone_dot, finished };

    void on_envelope_reply(Step answered, const Reply& reply);
    void on_data_reply(const Reply& reply);
    void judge(Step answered, const Reply& reply, Culprit culprit);
    void finish(bool reset);
    void drop(std::string why);
    bool everything_left() const { return written_ == output_.size(); }

    State state_ = State::envelope;
    bool pipelining_;
    std::string output_;       // What is being written in this state.
    std::size_t written_ = 0;  // How much of it was given out.
    std::string content_;      // Dot-stuffed; moved to output_ when permitted.
    std::deque<std::pair<Step, std::string>> commands_;  // Not written yet.
    std::deque<Step> awaited_;                           // Written, without a reply yet.
    bool refused_ = false;  // result_ holds the refusal; the rest is only read off.
    bool connection_usable_ = true;
    bool needs_reset_ = false;
    SendResult result_;
};

}  // namespace chatear::smtp
