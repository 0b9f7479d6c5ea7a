#pragma once

#include "base/error.hpp"
#include "base/result.hpp"
#include "nats/message.hpp"

#include <boost/json.hpp>
#include <boost/system/result.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace chatear::nats {

/// What JetStream's API answers instead of a result (server/errors.json of nats-server).
struct ApiError {
    int code = 0;      ///< As HTTP's.
    int err_code = 0;  ///< 10000 and more.
    std::string description;

    bool stream_not_found() const { return err_code == 10059; }
    bool consumer_not_found() const { return err_code == 10014; }
    bool message_not_found() const { return err_code == 10037; }
    bool stream_name_in_use() const { return err_code == 10058; }  ///< With another configuration.
    bool subjects_overlap() const { return err_code == 10065; }
    bool consumer_exists() const {
        return err_code == 10105 || err_code == 10013 || err_code == 10148;
    }

    /// Not about the request: JetStream is off, has no leader, no room.
    bool unavailable() const;

    /// "stream not found (10059)".
    std::string text() const;

    bool operator==(const ApiError&) const = default;
};

/// Our user may not ask this of the server.
class PermissionDenied : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// A result of the JetStream API.
template <typename T>
using ApiResult = boost::system::result<T, ApiError>;

/// Called when value() is asked of an error: a bug of the caller's.
[[noreturn]] void throw_exception_from_error(const ApiError& error, const auto& /*location*/) {
    throw std::logic_error("value() of a result that holds the API error: " + error.text());
}

/// The JSON object of an answer. It is not parse_json(): a subject or a name of others with NUL
/// must not make a whole answer unreadable.
Result<boost::json::object> read_answer(const Message& answer);

/// The member `error` of an API's answer.
std::optional<ApiError> read_api_error(const boost::json::object& answer);

}  // namespace chatear::nats
