#include "smtp/carrier.hpp"

#include "base/error.hpp"
#include "smtp/wire_content.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace chatear::smtp {
namespace {

constexpr std::size_t read_bytes = 4096;

}  // namespace

Carrier::Carrier(
    std::unique_ptr<Session> session,
    std::shared_ptr<const Options> options,
    Conduct conduct,
    CarrierOwner& owner,
    net::TaskGroup& tasks
)
    : session_(std::move(session)),
      options_(std::move(options)),
      owner_(owner),
      tasks_(tasks),
      pipeline_(conduct),
      idle_since_(net::now()) {}

asio::awaitable<void> Carrier::run() {
    const std::shared_ptr<Carrier> self = shared_from_this();
    std::vector<char> bytes(read_bytes);
    const asio::mutable_buffer buffer(bytes.data(), bytes.size());
    try {
        while (!over()) {
            const std::size_t size =
                co_await session_->stream().read_some(buffer, net::Stream::no_limit);
            session_->parser().feed(std::string_view(bytes.data(), size));
            take_replies();
            work();
        }
    } catch (const Unavailable& lost) {
        note_end(lost.why());
    }
    over_ = true;
    session_->close();
    deadline_.reset();
    end(pipeline_.on_connection_lost(why_ended_, !closed_by_us_));
}

void Carrier::work() {
    if (over_ || closed_by_us_) {
        return;  // What began now would be in doubt.
    }
    take_messages();
    while (!writing_) {
        while (ask()) {
            take_messages();  // What may leave makes room behind it.
        }
        write();
        if (!ask()) {  // What it found too old.
            break;
        }
    }
    if (idle() && std::exchange(busy_, false)) {
        idle_since_ = net::now();
        owner_.on_idle(*this);
    }
    if (idle() && retired_ && !goodbye_said_) {
        say_goodbye();
    }
    watch();
    if (over()) {
        note_end("the connection is of no more use");
        close();  // By which run() ends.
    }
}

bool Carrier::over() const {
    return goodbye_answered_ || pipeline_.wants_close();
}

bool Carrier::used_up() const {
    const std::optional<std::size_t>& most = session_->extensions().max_mails;
    return pipeline_.worn() || (most && mails_ >= *most);
}

bool Carrier::has_room() const {
    return usable() && !used_up() && pipeline_.has_room();
}

void Carrier::take_messages() {
    while (has_room()) {
        Submission* message = owner_.next_message(*this);
        if (message == nullptr) {
            return;
        }
        take(*message);
    }
}

void Carrier::take(Submission& message) {
    const Extensions& extensions = session_->extensions();
    Result<std::string> content = std::string();
    try {
        content = message.content()(extensions.capabilities());
    } catch (...) {
        message.fail(std::current_exception());
        return;
    }
    Result<void> possible;
    if (content) {
        content = canonical_content(std::move(*content));
        possible = check_possible(message.envelope(), *content, extensions);
    } else {
        possible = content.error();
    }
    MailPipeline::Id id = 0;
    if (possible) {
        std::string parameters = mail_parameters(message.envelope(), *content, extensions);
        Mail mail{std::move(parameters), std::move(*content)};
        id = pipeline_.add(message.envelope(), std::move(mail), message.by_data);
    } else {
        id = pipeline_.add_unsendable(possible.error().message);
    }
    busy_ = true;
    ++mails_;
    under_way_.push_back(&message);
    message.on_taken(weak_from_this(), id);
}

/// Whether one was answered at once.
bool Carrier::ask() {
    bool answered = false;
    while (const std::optional<MailPipeline::Id> id = pipeline_.next_to_ask()) {
        const auto message = find(*id);
        if (message == under_way_.end()) {
            continue;
        }
        const std::optional<bool> granted = (*message)->ask();
        if (granted) {
            pass_permission(*id, *granted);
            answered = true;
        }
    }
    return answered;
}

void Carrier::pass_permission(MailPipeline::Id id, bool granted) {
    std::vector<MailPipeline::Ended> ended;
    pipeline_.on_permission(id, granted, net::now(), ended);
    end(std::move(ended));
}

void Carrier::on_permission(const Submission& message, bool granted) {
    pass_permission(message.id(), granted);
    work();
}

void Carrier::abandon(const Submission& message) {
    const auto found = find(message.id());
    if (found != under_way_.end()) {
        under_way_.erase(found);
    }
    pipeline_.abandon(message.id());
    work();
}

void Carrier::retire() {
    retired_ = true;
    work();
}

void Carrier::take_replies() {
    std::vector<MailPipeline::Ended> ended;
    Result<std::optional<Reply>> reply = session_->parser().next();
    for (; reply && *reply; reply = session_->parser().next()) {
        watched_ = false;
        if (goodbye_said_ && idle()) {
            goodbye_answered_ = true;
            return;
        }
        if (!pipeline_.awaited()) {
            note_end("it said unasked: " + (*reply)->one_line());
        }
        const Conduct before = pipeline_.conduct();
        pipeline_.on_reply(std::move(**reply), ended);
        if (pipeline_.conduct() != before) {
            owner_.on_learnt(*this, before);
        }
        end(std::exchange(ended, {}));
    }
    if (!reply) {
        throw Unavailable("smtp", session_->stream().peer(), reply.error().message);
    }
}

void Carrier::end(std::vector<MailPipeline::Ended> ended) {
    for (MailPipeline::Ended& one : ended) {
        const auto found = find(one.id);
        if (found == under_way_.end()) {
            continue;
        }
        Submission* const message = *found;
        under_way_.erase(found);
        const bool judged = one.result.status != SendStatus::not_sent;
        owner_.on_ended(*this, *message, std::move(one.result));
        completed_ += judged ? 1 : 0;
    }
}

std::vector<Submission*>::iterator Carrier::find(MailPipeline::Id id) {
    return std::find_if(under_way_.begin(), under_way_.end(), [id](const Submission* message) {
        return message->id() == id;
    });
}

/// In a group each reply has its time from the one before it (RFC 5321, 4.5.3.2).
void Carrier::watch() {
    const std::optional<Step> step = pipeline_.awaited();
    const bool soon = goodbye_said_ || deaf_ || pipeline_.closing();
    const bool writes = writing_ && !deaf_;  // With a time limit of its own.
    if ((!step || writes) && !soon) {
        deadline_.reset();
        watched_ = false;
    } else if (!std::exchange(watched_, true)) {
        const auto limit = soon ? options_->limits.quit : options_->limits.of(*step);
        deadline_.emplace(tasks_.executor(), limit, [this] { on_late(); });
    }
}

void Carrier::on_late() {
    note_end("no answer in time");
    close();
}

void Carrier::note_end(std::string why) {
    if (why_ended_.empty()) {
        why_ended_ = std::move(why);
    }
}

}  // namespace chatear::smtp
