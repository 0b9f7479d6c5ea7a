#pragma once

#include "nats/message.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// Of publishing to a stream, what is decided without I/O.
namespace chatear::nats {

/// JetStream has the message, on disk as far as its `sync_interval` goes.
struct PublishReply {
    std::string stream;
    std::uint64_t seq = 0;
    bool duplicate = false;  ///< Its Nats-Msg-Id was there already; seq is the first one's.
};

/// Why JetStream does not have it.
struct PublishError {
    enum class Kind {
        refused,             ///< For its own sake: too large, bad headers or subject. For ever.
        stream_unavailable,  ///< No stream, full, no quorum, no permission: an outage of that
                             ///< stream.
    };
    Kind kind = Kind::refused;
    std::string reason;
};
using PublishResult = boost::system::result<PublishReply, PublishError>;

/// Called when value() is asked of an error: a bug of the caller's.
[[noreturn]] void throw_exception_from_error(const PublishError& error, const auto& /*location*/) {
    throw std::logic_error("value() of a result that holds the publish error: " + error.reason);
}

/// The server keeps a header's length in 16 bits (server/filestore.go); one that is longer would be
/// refused by the store itself.
inline constexpr std::size_t max_header_bytes = 65'535;

/// A server ends the connection at a longer control line than 4,096 bytes (server/const.go,
/// MAX_CONTROL_LINE_SIZE); our reply subject and the sizes stand in it too.
inline constexpr std::size_t max_subject_bytes = 3'900;

/// Why a message cannot be published for its own sake; nothing when it can.
std::optional<std::string> refusal(const Message& message, std::size_t max_payload);
/// What an answer to a publish says; `subject` is for the reason.
PublishResult read_publish_answer(const Message& answer, std::string_view subject);

}  // namespace chatear::nats
