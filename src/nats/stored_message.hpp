#pragma once

#include "base/result.hpp"
#include "nats/message.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string>

namespace chatear::nats {

/// A message as a stream keeps it.
struct StoredMessage {
    Message message;
    std::uint64_t seq = 0;
    std::string time;  ///< RFC 3339.
};

/// From an answer of STREAM.MSG.GET.
Result<StoredMessage> read_stored_message(const boost::json::object& answer);

}  // namespace chatear::nats
