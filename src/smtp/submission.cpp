#include "smtp/submission.hpp"

#include "smtp/carrier.hpp"

#include <utility>

namespace chatear::smtp {

Submission::Submission(
    const asio::any_io_executor& executor,
    const Envelope& envelope,
    const ContentSource& content,
    const BeforeContent& before,
    std::function<void(Submission&)> on_left
)
    : envelope_(envelope),
      content_(content),
      before_(before),
      on_left_(std::move(on_left)),
      changed_(executor) {}

Submission::~Submission() {
    if (ended()) {
        return;
    }
    const std::shared_ptr<Carrier> carrier = carrier_.lock();
    if (carrier) {
        carrier->abandon(*this);
    } else {
        on_left_(*this);
    }
}

asio::awaitable<Submission::Event> Submission::next_event() {
    while (!asked_ && !ended()) {
        co_await changed_.wait();
    }
    co_return ended() ? Event::ended : Event::asked;
}

void Submission::answer(bool granted) {
    asked_ = false;
    const std::shared_ptr<Carrier> carrier = carrier_.lock();
    if (carrier && !ended()) {
        carrier->on_permission(*this, granted);
    }
}

void Submission::on_taken(std::weak_ptr<Carrier> carrier, std::uint64_t id) {
    carrier_ = std::move(carrier);
    id_ = id;
}

std::optional<bool> Submission::ask() {
    const std::optional<bool> granted = before_.at_once();
    if (!granted) {
        asked_ = true;
        changed_.notify_all();
    }
    return granted;
}

void Submission::end(SendResult result, bool may_be_repeated, bool on_used_connection) {
    result_ = std::move(result);
    may_be_repeated_ = may_be_repeated;
    on_used_connection_ = on_used_connection;
    changed_.notify_all();
}

void Submission::fail(std::exception_ptr failure) {
    failure_ = std::move(failure);
    changed_.notify_all();
}

}  // namespace chatear::smtp
