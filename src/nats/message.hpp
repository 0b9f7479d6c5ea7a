#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::nats {

/// In the order of the wire; a name may stand several times.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of the first header of this name. Names are compared with case, as NATS does.
/// The view lives as long as `headers` is not changed.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

/// What NATS carries, in either direction.
struct Message {
    std::string subject;
    std::string reply_to;  ///< Empty = no answer is asked for.
    std::string payload;
    Headers headers{};

    /// Set on what the server says instead of a publisher: 503 = nobody listens to the subject of a
    /// request; JetStream's 100, 404, 408, 409. 403 is ours: the server's -ERR about the subject of
    /// a request that we may not publish to.
    int status = 0;
    std::string status_text{};
};

/// Whether a publisher may use it: non-empty tokens of visible bytes, no wildcards.
bool valid_subject(std::string_view subject);

/// Whether a stream or filter subject with wildcards matches all that `subject` matches.
bool subject_covers(std::string_view pattern, std::string_view subject);

/// An Error names the header that cannot stand on the wire: an empty name, one with a colon, white
/// space or a byte outside ASCII, a value with CR, LF or NUL.
Result<void> check_headers(const Headers& headers);

}  // namespace chatear::nats
