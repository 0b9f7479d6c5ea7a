#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/journal.hpp"
#include "deletion/nats_clock.hpp"
#include "deletion/user_delete.hpp"
#include "deletion/user_recover.hpp"
#include "runtime/coalescer.hpp"
#include "runtime/delivery.hpp"
#include "runtime/outcome.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <vector>

namespace chatear::deletion {

/// Where every request comes in, by event or by page: all that come in one turn of the loop are
/// entered as one batch. Under load two batches are under way: one reads and decides while the
/// other writes the audit log, whose rows are chained one batch after the other.
class IntakeDesk {
public:
    static constexpr std::size_t most_in_a_batch = 256;
    static constexpr std::size_t batches_at_once = 2;

    /// All must outlive it.
    IntakeDesk(
        const asio::any_io_executor& executor,
        DeletionStore& store,
        NatsClock& clock,
        Journal& journal
    );

    asio::awaitable<runtime::Outcome> on_delete(UserDelete event, runtime::Delivery delivery);
    asio::awaitable<runtime::Outcome> on_recover(UserRecover event, runtime::Delivery delivery);

    /// Throws Unavailable.
    asio::awaitable<RequestReply> enter(Request request);

    asio::awaitable<void> stop() { return requests_.stop(); }

private:
    asio::awaitable<std::vector<RequestReply>> enter_all(std::vector<Request> requests);
    asio::awaitable<runtime::Outcome> handle(Request request, runtime::Delivery delivery);

    DeletionStore& store_;
    NatsClock& clock_;
    Journal& journal_;
    runtime::Coalescer<Request, RequestReply> requests_;
};

}  // namespace chatear::deletion
