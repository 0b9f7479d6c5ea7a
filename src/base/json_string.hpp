#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear {

/// Reads the strings of a JSON document (RFC 8259, section 7): UTF-8 without control characters,
/// escapes of whole characters, and none of U+0000.
class JsonStringReader {
public:
    /// Reads the one whose quote stands at `place` of `text`, and moves `place` behind it; false
    /// where there is none: then `place` is where it went wrong.
    bool read(std::string_view text, std::size_t& place);

    /// What was read; until the next one is, or the document is gone.
    std::string_view value() const { return value_; }

    /// After false: what is wrong.
    std::string_view complaint() const { return complaint_; }

private:
    bool read_unplain(std::string_view text, std::size_t& place);
    bool read_escape(std::string_view text, std::size_t& place);
    bool fail(std::string_view why);

    std::string_view value_;
    std::string_view complaint_;
    std::string unescaped_;  // Of a string that does not stand in the text as it is.
};

}  // namespace chatear
