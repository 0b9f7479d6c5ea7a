#pragma once

#include "base/result.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace chatear {

/// Parses one JSON document as strictly as everything behind us needs it: beside what Boost.JSON
/// refuses itself (bad UTF-8, lone surrogates, garbage behind the document), numbers that are not
/// finite, NUL in a string (PostgreSQL's jsonb refuses it), a key that stands twice in one object,
/// and nesting over 32 are errors. Doubles are the nearest ones. `storage` holds the value: give a
/// monotonic_resource for one that is read and thrown away.
Result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr storage = {});

/// A number as a person writes it: 0.1 and 3, never 1E-1.
std::string number_to_text(const boost::json::value& number);

/// Serialized with such numbers; what parse_json read comes out equal.
std::string to_json_text(const boost::json::value& value);

}  // namespace chatear
