#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::postgres {

/// The parameters $1, $2, ... of one statement in PostgreSQL's text format. The statement says the
/// type: `$1::uuid`, `unnest($2::text[])`. A text with a NUL byte, which PostgreSQL cannot hold, is
/// kept out of the wire: the statement then fails as a data error (22021) by itself.
class Params {
public:
    Params& null();
    Params& text(std::string value);
    Params& optional_text(std::optional<std::string> value);
    Params& integer(std::int64_t value);
    Params& number(double value);
    Params& boolean(bool value);
    Params& bytes(std::string_view value);  ///< For bytea.
    Params& time(Time value);               ///< For timestamptz.
    Params& optional_time(const std::optional<Time>& value);

    // One array each, for `unnest($n::type[], ...)`; empty vectors are empty arrays.
    Params& texts(const std::vector<std::string>& values);
    Params& optional_texts(const std::vector<std::optional<std::string>>& values);
    Params& integers(const std::vector<std::int64_t>& values);
    Params& optional_integers(const std::vector<std::optional<std::int64_t>>& values);
    Params& booleans(const std::vector<bool>& values);
    Params& byte_strings(const std::vector<std::string>& values);
    Params& optional_byte_strings(const std::vector<std::optional<std::string>>& values);
    Params& times(const std::vector<Time>& values);
    Params& optional_times(const std::vector<std::optional<Time>>& values);

    std::size_t size() const { return values_.size(); }
    const std::vector<std::optional<std::string>>& values() const { return values_; }

    /// The first parameter (from 1) that holds a NUL byte.
    std::optional<std::size_t> with_nul() const;

private:
    std::vector<std::optional<std::string>> values_;
};

/// `{"a","say \"hi\"",NULL}`: a one-dimensional array literal (manual, 8.15.2). Every element that
/// is not NULL is quoted.
std::string array_literal(const std::vector<std::optional<std::string>>& elements);

/// `\x` and lower-case hexadecimal digits: bytea in text form (manual, 8.4.1).
std::string bytea_literal(std::string_view bytes);

}  // namespace chatear::postgres
