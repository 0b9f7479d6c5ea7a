#include "nats/api_error.hpp"

#include "nats/json_fields.hpp"

namespace chatear::nats {

bool ApiError::unavailable() const {
    // 503 of every kind; 500 for leader elections and for lack of memory or disk.
    return code == 503 || code == 500;
}

std::string ApiError::text() const {
    return description + " (" + std::to_string(err_code != 0 ? err_code : code) + ")";
}

Result<boost::json::object> read_answer(const Message& answer) {
    boost::system::error_code error;
    boost::json::value json = boost::json::parse(answer.payload, error);
    if (error || !json.is_object()) {
        return Error{"JetStream's answer is no JSON object"};
    }
    return std::move(json.get_object());
}

std::optional<ApiError> read_api_error(const boost::json::object& answer) {
    const boost::json::object* object = object_field(answer, "error");
    if (!object) {
        return std::nullopt;
    }
    ApiError error;
    error.code = static_cast<int>(integer_field(*object, "code"));
    error.err_code = static_cast<int>(integer_field(*object, "err_code"));
    error.description = text_field(*object, "description");
    return error;
}

}  // namespace chatear::nats
