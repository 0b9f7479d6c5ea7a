#pragma once

#include "net/deadline.hpp"
#include "net/moment.hpp"
#include "net/task_group.hpp"
#include "smtp/mail_pipeline.hpp"
#include "smtp/options.hpp"
#include "smtp/session.hpp"
#include "smtp/submission.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp {

/// What a carrier needs of the pool that it belongs to.
class CarrierOwner {
public:
    virtual ~CarrierOwner() = default;

    /// The message that `carrier` may take, or none.
    virtual Submission* next_message(Carrier& carrier) = 0;

    /// Ends `message` with what became of it.
    virtual void on_ended(Carrier& carrier, Submission& message, SendResult result) = 0;

    /// `carrier` has nothing under way any more.
    virtual void on_idle(Carrier& carrier) = 0;

    /// Its conduct is not what it was: it was seen what the server takes of what it announced.
    virtual void on_learnt(Carrier& carrier, const Conduct& before) = 0;
};

/// Carries messages over one ready session: takes them from its owner as there is room, writes as
/// much in one group as MailPipeline allows, and reads while it writes (RFC 2920, 3.1). Its owner
/// runs run() in `tasks`, and outlives it.
class Carrier : public std::enable_shared_from_this<Carrier> {
public:
    Carrier(
        std::unique_ptr<Session> session,
        std::shared_ptr<const Options> options,
        Conduct conduct,
        CarrierOwner& owner,
        net::TaskGroup& tasks
    );

    /// Reads replies until the connection has ended and every message with it.
    asio::awaitable<void> run();

    /// Takes messages and writes what may be written now.
    void work();

    void on_permission(const Submission& message, bool granted);
    void abandon(const Submission& message);

    /// Takes no more messages, and says goodbye when those under way have ended.
    void retire();
    /// Begins no more messages, and closes when those that have begun have ended.
    void give_up() { pipeline_.retire(); }
    /// What is under way ends by it.
    void close() noexcept {
        closed_by_us_ = true;
        session_->close();
    }

    /// What another connection has learnt of the server.
    void apply(const Conduct& learnt) { pipeline_.apply(learnt); }

    bool usable() const { return !retired_ && !over_ && !closed_by_us_ && pipeline_.usable(); }
    bool has_room() const;
    bool idle() const { return pipeline_.empty(); }
    bool ended_by_us() const { return retired_; }
    const std::string& why_ended() const { return why_ended_; }
    bool used_up() const;  ///< LIMITS MAILMAX (RFC 9422), or a worn pipeline.
    std::size_t mails() const { return mails_; }          ///< Taken so far.
    std::size_t completed() const { return completed_; }  ///< On which something was said.
    net::Moment idle_since() const { return idle_since_; }
    const Conduct& conduct() const { return pipeline_.conduct(); }
    const Extensions& extensions() const { return session_->extensions(); }

    /// True once: a connection that is told so with each of its messages is one that asks for less.
    bool first_to_ask_for_less() { return !std::exchange(asked_for_less_, true); }

private:
    void take_messages();
    void take(Submission& message);
    bool ask();
    void pass_permission(MailPipeline::Id id, bool granted);
    void write();
    void write_later(const std::vector<std::string_view>& pieces, std::size_t from);
    asio::awaitable<void> write_rest(std::shared_ptr<Carrier> self);
    void take_replies();
    void end(std::vector<MailPipeline::Ended> ended);
    std::vector<Submission*>::iterator find(MailPipeline::Id id);
    void say_goodbye();
    void watch();
    void on_late();
    void on_deaf();
    void note_end(std::string why);
    bool over() const;

    std::unique_ptr<Session> session_;
    std::shared_ptr<const Options> options_;
    CarrierOwner& owner_;
    net::TaskGroup& tasks_;
    MailPipeline pipeline_;
    std::vector<Submission*> under_way_;
    std::optional<net::Deadline> deadline_;  // Of the reply that is due.
    std::string rest_;                       // Of a write that did not go at once.
    std::string why_ended_;                  // The connection; what was noted first.
    net::Moment idle_since_;
    std::size_t mails_ = 0;
    std::size_t completed_ = 0;
    bool busy_ = false;
    bool writing_ = false;  // write_rest() is under way.
    bool deaf_ = false;     // The peer takes nothing more.
    bool closed_by_us_ = false;
    bool rest_ends_content_ = false;
    bool watched_ = false;  // The reply that is due has its time limit.
    bool retired_ = false;
    bool goodbye_said_ = false;
    bool goodbye_answered_ = false;
    bool asked_for_less_ = false;
    bool over_ = false;  // run() is at its end.
};

}  // namespace chatear::smtp
