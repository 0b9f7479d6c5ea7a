#pragma once

#include "base/json_keys.hpp"
#include "base/json_string.hpp"
#include "base/result.hpp"

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace chatear {

/// Reads one document of RFC 8259 into Boost.JSON's values; what else it refuses is said of
/// parse_json(). Ours, since Boost.JSON's parser silently keeps the last of two equal keys, lets
/// U+0000 and infinities through, reads some doubles a little beside the nearest one, and goes
/// through a text byte by byte from its first line break on. Used once.
class JsonParser {
public:
    JsonParser(std::string_view text, boost::json::storage_ptr storage);

    Result<boost::json::value> parse();

private:
    bool read_value(std::size_t depth);
    bool read_object(std::size_t depth);
    bool read_members(std::size_t depth);
    bool read_array(std::size_t depth);
    bool read_word(std::string_view word);
    bool read_number();
    bool read_integer(std::string_view digits);
    bool read_double(std::string_view digits);
    bool read_string();  // Into string_; requires the quote at place_.
    std::size_t digits_at(std::size_t place) const;
    void skip_space();
    bool take(char byte);
    bool fail(std::string_view why);
    Error error() const;

    std::string_view text_;
    std::size_t place_ = 0;
    std::string complaint_;
    JsonStringReader string_;
    std::array<unsigned char, 4096>
        buffer_;  // Where most documents' values wait for their parents.
    boost::json::value_stack stack_;
    JsonKeys keys_;
};

}  // namespace chatear
