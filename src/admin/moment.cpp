#include "admin/moment.hpp"

#include "base/utc.hpp"
#include "base/values.hpp"

#include <string>

namespace chatear::admin {

Result<Time> parse_moment(std::string_view text, Time now) {
    if (const auto ago = parse_duration(text)) {
        return now - *ago;
    }
    if (const auto time = parse_time(text)) {
        return *time;
    }
    if (const auto day = parse_time(std::string(text) + "T00:00:00Z")) {
        return *day;
    }
    return Error{
        "'",
        text,
        "' is neither a time (2026-11-23T18:04:05Z), a day (2026-11-23) nor a time span (2h, 30d)"};
}

}  // namespace chatear::admin
