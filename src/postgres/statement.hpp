#pragma once

#include <string>
#include <string_view>

namespace chatear::postgres {

/// The text of one SQL statement, prepared once on each connection under this very text. Make it
/// from a constant, or from a string that a store builds once: never from values, which are
/// Params. Only a view: the text must live until the query returns.
class Statement {
public:
    constexpr Statement(const char* text) : text_(text) {}       // NOLINT: wanted conversion.
    constexpr Statement(std::string_view text) : text_(text) {}  // NOLINT: wanted conversion.
    Statement(const std::string& text) : text_(text) {}          // NOLINT: wanted conversion.
    Statement(std::string&& text) = delete;

    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

}  // namespace chatear::postgres
