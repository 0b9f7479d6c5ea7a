#include "deletion/intake_desk.hpp"

#include "base/crash_point.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace chatear::deletion {
namespace {

Request request_of(RequestKind kind, const runtime::Delivery& delivery) {
    Request request;
    request.kind = kind;
    request.event_id = delivery.event_id();
    request.generation = delivery.generation();
    request.published_at = delivery.published_at();
    return request;
}

}  // namespace

IntakeDesk::IntakeDesk(
    const asio::any_io_executor& executor, DeletionStore& store, NatsClock& clock, Journal& journal
)
    : store_(store),
      clock_(clock),
      journal_(journal),
      requests_(
          executor,
          "requests",
          most_in_a_batch,
          [this](auto batch) { return enter_all(std::move(batch)); },
          runtime::Patience{},
          batches_at_once
      ) {}

asio::awaitable<runtime::Outcome> IntakeDesk::on_delete(
    UserDelete event, runtime::Delivery delivery
) {
    Request request = request_of(RequestKind::deletion, delivery);
    request.user_id = std::move(event.user_id);
    co_return co_await handle(std::move(request), std::move(delivery));
}

asio::awaitable<runtime::Outcome> IntakeDesk::on_recover(
    UserRecover event, runtime::Delivery delivery
) {
    Request request = request_of(RequestKind::recovery, delivery);
    request.user_id = std::move(event.user_id);
    request.token_sha256 = std::move(event.token_sha256);
    co_return co_await handle(std::move(request), std::move(delivery));
}

asio::awaitable<runtime::Outcome> IntakeDesk::handle(Request request, runtime::Delivery delivery) {
    const RequestReply reply = co_await enter(std::move(request));
    crash_point("after-intake");
    delivery.log_field("result", std::string(to_text(reply.outcome)));
    runtime::Outcome outcome = runtime::Done{};
    if (reply.outcome == RequestOutcome::rejected) {
        outcome = runtime::Reject{reply.reason};
    }
    co_return outcome;
}

asio::awaitable<RequestReply> IntakeDesk::enter(Request request) {
    Request copy = request;
    const RequestReply reply = co_await requests_.call(std::move(copy));
    journal_.requested(request, reply);
    co_return reply;
}

/// A recovery is one whatever the clocks say, and needs no NATS.
asio::awaitable<std::vector<RequestReply>> IntakeDesk::enter_all(std::vector<Request> requests) {
    const bool compares = std::any_of(requests.begin(), requests.end(), [](const Request& request) {
        return request.kind == RequestKind::deletion;
    });
    std::optional<ClockOffset> offset;
    if (compares) {
        offset = co_await clock_.offset();
    }
    co_return co_await store_.enter(std::move(requests), offset);
}

}  // namespace chatear::deletion
