#pragma once

#include "history.hpp"
#include "net/completion.hpp"
#include "net/notification.hpp"
#include "notification/gcra.hpp"
#include "notification/limits.hpp"
#include "notification/mail_transport.hpp"
#include "simulated_database.hpp"
#include "timeline.hpp"
#include "wire.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::simulation {

/// A mail server that takes, refuses, or breaks the connection at any step.
class SimulatedMailServer {
public:
    explicit SimulatedMailServer(History& history) : history_(history) {}

    void take(const std::string& event, std::size_t content) {
        history_.content_taken(event, content);
    }
    History& history() { return history_; }

    Server server{"smtp"};

private:
    History& history_;
};

/// What the transport asks of its process about the event whose mail it sends.
class Sending {
public:
    virtual ~Sending() = default;

    virtual const std::string& instance() const = 0;
    virtual bool holds_on_ambiguity() const = 0;
    /// The id of the event whose mail has this subject line.
    virtual std::string event_of(const std::string& subject) const = 0;
    /// A content of this event begins: its limits must have let it pass.
    virtual void check_limits(const std::string& event) = 0;
};

/// A process's pool of sessions with it; its contract is smtp::Pool's.
class SimulatedTransport final : public notification::MailTransport {
public:
    SimulatedTransport(SimulatedMailServer& mail, Wire& wire, Sending& sending)
        : mail_(mail), wire_(wire), sending_(sending), changed_(wire.executor()) {}

    asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
    ) override;

    /// Takes no more, waits for what is under way, and breaks off what is left after `limit`.
    asio::awaitable<void> stop(milliseconds limit);

private:
    using Answer = net::Completion<smtp::SendResult>;

    /// Everything until the content may begin; nothing, or how it ended before.
    asio::awaitable<std::optional<smtp::SendResult>> open(std::string event, std::string recipient);
    asio::awaitable<smtp::SendResult> send_content(std::string event, std::string message_id);
    void begin_content(
        const std::string& event, std::size_t number, const std::shared_ptr<Answer>& answer
    );
    [[noreturn]] void throw_unavailable(const std::string& why) const;

    SimulatedMailServer& mail_;
    Wire& wire_;
    Sending& sending_;
    bool stopping_ = false;
    std::vector<std::shared_ptr<Answer>> awaited_;
    net::Notification changed_;
};

/// Redis: the limits of all processes, decided as the script there decides them.
class SimulatedLimits final : public notification::Limits {
public:
    struct Shared {
        Shared(const SimulatedDatabase& by, Rate per_recipient)
            : database(by), rate(per_recipient) {}

        const SimulatedDatabase& database;  ///< By whose clock it goes: servers agree on the time.
        Rate rate;
        Server server{"redis"};
        std::map<std::string, notification::Gcra> keys;
    };

    SimulatedLimits(Shared& shared, Wire& wire, History& history)
        : shared_(shared), wire_(wire), history_(history) {}

    asio::awaitable<std::vector<notification::LimitReply>> check(
        std::vector<notification::LimitRequest> requests
    ) override;

private:
    Shared& shared_;
    Wire& wire_;
    History& history_;
};

}  // namespace chatear::simulation
