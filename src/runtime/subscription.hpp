#pragma once

#include "base/result.hpp"
#include "runtime/delivery.hpp"
#include "runtime/event_codec.hpp"
#include "runtime/outcome.hpp"
#include "runtime/verdict.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// An event as its codec read it; the type is known to the handler only.
struct DecodedEvent {
    std::shared_ptr<const void> value;
    std::optional<std::string> id_in_body;
    std::string content_sha256;
};

/// How an event ended for good, for those who are told.
struct FinalVerdict {
    LedgerStatus status;        ///< done, failed or ambiguous.
    const std::string& reason;  ///< "" when done.
    std::uint32_t attempts;     ///< This one included.
};

/// What a subject may have beside its handler; every member may stay empty.
template <typename T>
struct SubjectOptions {
    /// The subject's ledger; `event_ledger` unless it has one of its own.
    LedgerTable ledger{};
    /// Values for the ledger's claim_columns.
    std::function<std::vector<std::optional<std::string>>(const T&, const Event&)> claim_details{};
    /// What others are told of its end. `event` is null when it could not be read.
    std::function<std::vector<DomainEvent>(const T* event, const Delivery&, const FinalVerdict&)>
        announce{};
};

/// A subject with its handler, the type of its events taken away.
struct Subscription {
    std::string subject;
    LedgerTable ledger;
    std::function<Result<DecodedEvent>(std::string_view payload)> decode;
    std::function<asio::awaitable<Outcome>(std::shared_ptr<const void> value, Delivery delivery)>
        handle;
    std::function<std::vector<std::optional<std::string>>(const void* value, const Event&)>
        claim_details;
    std::function<std::vector<DomainEvent>(const void* value, const Delivery&, const FinalVerdict&)>
        announce;
};

/// The event lives until the handler has ended: it takes it by reference, or by value to change it.
template <typename T>
using Handler = std::function<asio::awaitable<Outcome>(const T&, Delivery)>;

template <typename T>
Subscription make_subscription(std::string subject, Handler<T> handler, SubjectOptions<T> options) {
    Subscription subscription;
    subscription.subject = std::move(subject);
    subscription.ledger = std::move(options.ledger);
    subscription.decode = [](std::string_view payload) -> Result<DecodedEvent> {
        auto event = EventCodec<T>::decode(payload);
        if (!event) {
            return event.error();
        }
        DecodedEvent decoded;
        decoded.id_in_body = EventCodec<T>::event_id(*event);
        decoded.content_sha256 = EventCodec<T>::content_sha256(*event);
        decoded.value = std::make_shared<const T>(std::move(*event));
        return decoded;
    };
    subscription.handle =
        [handler = std::move(handler)](std::shared_ptr<const void> value, Delivery delivery) {
            return handler(*static_cast<const T*>(value.get()), std::move(delivery));
        };
    if (options.claim_details) {
        subscription.claim_details =
            [of = std::move(options.claim_details)](const void* value, const Event& event) {
                return value == nullptr ? std::vector<std::optional<std::string>>()
                                        : of(*static_cast<const T*>(value), event);
            };
    }
    if (options.announce) {
        subscription.announce =
            [of = std::move(options.announce)](
                const void* value, const Delivery& delivery, const FinalVerdict& verdict
            ) { return of(static_cast<const T*>(value), delivery, verdict); };
    }
    return subscription;
}

}  // namespace chatear::runtime
