#pragma once

#include "smtp/classification.hpp"
#include "smtp/envelope.hpp"
#include "smtp/reply.hpp"
#include "smtp/send_result.hpp"

#include <boost/container/static_vector.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp {

/// A message made ready for one server, beside its envelope, which has passed check() and
/// check_possible().
struct Mail {
    std::string parameters;  ///< mail_parameters().
    std::string content;     ///< canonical_content().
};

/// How a message's content is handed over.
enum class Manner {
    data,   ///< Behind the answer 354 to DATA (RFC 5321, 4.1.1.4).
    chunk,  ///< By BDAT in one group with its envelope (RFC 3030).
    /// By BDAT to a server that has only announced it: behind its envelope the first line alone,
    /// which harms nobody as a command and delivers nothing; the rest, which has to be permitted,
    /// once that was taken for content.
    probe,
};

/// One mail transaction: MAIL, RCPT, and the content behind DATA or with BDAT. Does no I/O and
/// knows nothing of its neighbours on the connection: MailPipeline says when it may begin, and
/// which reply is its. States: docs/smtp.md.
class MailTransaction {
public:
    /// The content leaves in pieces of this size, each with its own time limit, and so that a
    /// connection lost before the last piece is known not to have delivered anything.
    static constexpr std::size_t max_write_bytes = std::size_t{64} * 1024;

    enum class Next {
        begin,    ///< Call begin() when nothing stands in its way on the connection.
        ask,      ///< Ask whether the content may leave, and say so with on_permission().
        write,    ///< Call take_output().
        wait,     ///< For a reply, or for the permission.
        finished  ///< result() is there.
    };

    /// What it may find on the connection at its turn.
    struct Turn {
        bool pipelining = false;  ///< Its commands may go in one group (RFC 2920).
        bool merged = false;      ///< Something before it has not been answered yet.
        /// A transaction may be open on the server: a nested MAIL would mix the two.
        bool reset_first = false;
    };

    /// What a reply has brought beyond the next state.
    enum class Effect {
        none,
        merging_refused,   ///< 503 because of what stood before it in its group: begin it again.
        chunking_proven,   ///< It does take BDAT: a probe goes on as a chunk.
        chunking_refused,  ///< The server does not take BDAT after all: from now on it gets DATA.
    };

    /// A probe requires that the content begins with a header field.
    MailTransaction(const Envelope& envelope, Mail mail, Manner manner);

    /// One that only asks the server for a sign of life (RSET) before it ends in `why`: a message
    /// that cannot be sent as far as its announcements go.
    explicit MailTransaction(std::string why);

    Next next() const;
    void begin(Turn turn);  ///< Requires next() == begin.

    /// Adds what to write now to `pieces`, at most max_write_bytes of content, and to `answers`
    /// what will be answered, in order. The bytes live until it finishes or begins again. Requires
    /// next() == write.
    void take_output(std::vector<std::string_view>& pieces, std::vector<Step>& answers);

    void on_asked() { permission_ = Permission::asked; }  ///< Requires next() == ask.

    /// After a refusal behind 354 or a probe the connection cannot be kept: the server waits for
    /// content, and whatever is sent now would be content. (Exim takes it so even behind RSET.)
    void on_permission(bool granted);

    /// The permission was not used in time. Requires permitted() and !begun().
    void ask_again() { permission_ = Permission::not_asked; }

    Effect on_reply(Step answered, Reply reply);

    /// The connection broke, or its time was up; `why` is for a person. `closing`: the server had
    /// said 421, so what it has not answered it has not executed (RFC 5321, 3.8).
    void on_connection_lost(std::string_view why, bool closing);

    /// Nothing of it is left to be written, so that another may follow behind it.
    bool written() const { return state_ == State::content && everything_given(); }
    /// Its content may leave, or has: only then the next one is needed.
    bool permitted() const { return permission_ == Permission::granted; }
    bool begun() const { return begun_; }  ///< Since it began last, something of it has left.
    /// A verdict on its content is still to come. Where RSET was refused, too: nobody knows what
    /// the server makes of the rest.
    bool content_unanswered() const {
        return written() && (!refused_ || result_.step == Step::reset);
    }
    Manner manner() const { return manner_; }

    const SendResult& result() const { return result_; }     ///< Requires next() == finished.
    SendResult take_result() { return std::move(result_); }  ///< Once. Requires the same.

    /// Whether another transaction may follow on this connection.
    bool connection_usable() const { return connection_usable_; }
    /// Once finished: whether that one has to begin with RSET.
    bool needs_reset() const { return needs_reset_; }

private:
    enum class State { waiting, envelope, permission, content, lone_dot, finished };
    enum class Permission { not_asked, asked, granted };

    void take_commands(std::vector<std::string_view>& pieces, std::vector<Step>& answers);
    void take_content(std::vector<std::string_view>& pieces, std::vector<Step>& answers);
    void on_envelope_reply(Step answered, Reply reply);
    void on_data_reply_after_refusal(const Reply& reply);
    Effect on_content_reply(Reply reply);
    Effect on_probe_reply(Reply reply);
    Effect on_chunking_refused(const Reply& reply);
    void on_reply_to_refused_chunk(const Reply& reply);
    void judge(Step answered, Reply reply, Culprit culprit);
    void finish(bool reset);
    void end_connection();
    void drop(std::string why);
    void begin_again(Manner manner);
    void add_chunk();
    std::size_t chunk_end() const;
    bool chunk_given() const { return given_ == chunk_end() && end_given_; }
    bool everything_given() const { return manner_ != Manner::probe && chunk_given(); }
    Step step() const;
    bool only_probes() const { return !why_unsendable_.empty(); }

    State state_ = State::waiting;
    Permission permission_ = Permission::not_asked;
    Manner manner_;
    bool begun_ = false;
    std::string content_;  // Dot-stuffed once it has begun with DATA.
    bool stuffed_ = false;
    std::string why_unsendable_;
    Turn turn_;
    std::string lines_;         // All commands that it may need, from RSET on.
    std::size_t mail_end_ = 0;  // In lines_.
    std::size_t rcpt_end_ = 0;
    std::size_t lines_given_ = 0;
    // Those of this turn, each with its end in lines_.
    boost::container::static_vector<std::pair<Step, std::size_t>, 5> commands_;
    std::size_t commands_given_ = 0;
    std::size_t given_ = 0;       // Of content_.
    bool end_given_ = false;      // What stands behind it, or behind a chunk of it, too.
    std::size_t unanswered_ = 0;  // Replies to come.
    bool refused_ = false;        // result_ holds the refusal; the rest is only read off.
    bool merging_refused_ = false;
    bool connection_usable_ = true;
    bool needs_reset_ = false;
    SendResult result_;
};

}  // namespace chatear::smtp
