#include "base/json_parser.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace chatear {
namespace {

constexpr std::size_t max_depth = 32;

bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

}  // namespace

JsonParser::JsonParser(std::string_view text, boost::json::storage_ptr storage)
    : text_(text), stack_({}, buffer_.data(), buffer_.size()) {
    stack_.reset(std::move(storage));
}

Result<boost::json::value> JsonParser::parse() {
    if (!read_value(0)) {
        return error();
    }
    skip_space();
    if (place_ < text_.size()) {
        fail("something stands behind the document");
        return error();
    }
    return stack_.release();
}

bool JsonParser::fail(std::string_view why) {
    complaint_ = why;
    return false;
}

Error JsonParser::error() const {
    return Error{fmt::format(
        "not JSON we take: {} (at byte {} of {})",
        complaint_,
        std::min(place_, text_.size()),
        text_.size()
    )};
}

void JsonParser::skip_space() {
    while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n' ||
                                     text_[place_] == '\r' || text_[place_] == '\t')) {
        ++place_;
    }
}

bool JsonParser::take(char byte) {
    skip_space();
    const bool there = place_ < text_.size() && text_[place_] == byte;
    place_ += there ? 1 : 0;
    return there;
}

/// `depth`: how many objects and arrays are open around it.
bool JsonParser::read_value(std::size_t depth) {
    skip_space();
    switch (place_ < text_.size() ? text_[place_] : '\0') {
        case '{':
            return read_object(depth + 1);
        case '[':
            return read_array(depth + 1);
        case '"':
            if (!read_string()) {
                return false;
            }
            stack_.push_string(string_.value());
            return true;
        case 't':
            stack_.push_bool(true);
            return read_word("true");
        case 'f':
            stack_.push_bool(false);
            return read_word("false");
        case 'n':
            stack_.push_null();
            return read_word("null");
        default:
            return read_number();
    }
}

bool JsonParser::read_word(std::string_view word) {
    if (text_.substr(place_, word.size()) != word) {
        return fail("a value is expected");
    }
    place_ += word.size();
    return true;
}

bool JsonParser::read_object(std::size_t depth) {
    if (depth > max_depth) {
        return fail("it is nested too deep");
    }
    ++place_;
    keys_.open_object();
    const bool whole = read_members(depth);
    keys_.close_object();
    return whole;
}

bool JsonParser::read_members(std::size_t depth) {
    if (take('}')) {
        stack_.push_object(0);
        return true;
    }
    std::size_t members = 0;
    do {
        skip_space();
        if (place_ == text_.size() || text_[place_] != '"') {
            return fail("a key is expected");
        }
        if (!read_string()) {
            return false;
        }
        if (!keys_.add(string_.value())) {
            return fail(fmt::format("the key \"{}\" stands twice in one object", string_.value()));
        }
        stack_.push_key(string_.value());
        if (!take(':')) {
            return fail("a colon is expected");
        }
        if (!read_value(depth)) {
            return false;
        }
        ++members;
    } while (take(','));
    if (!take('}')) {
        return fail("a comma or the end of an object is expected");
    }
    stack_.push_object(members);
    return true;
}

bool JsonParser::read_array(std::size_t depth) {
    if (depth > max_depth) {
        return fail("it is nested too deep");
    }
    ++place_;
    if (take(']')) {
        stack_.push_array(0);
        return true;
    }
    std::size_t elements = 0;
    do {
        if (!read_value(depth)) {
            return false;
        }
        ++elements;
    } while (take(','));
    if (!take(']')) {
        return fail("a comma or the end of an array is expected");
    }
    stack_.push_array(elements);
    return true;
}

std::size_t JsonParser::digits_at(std::size_t place) const {
    std::size_t count = 0;
    while (place + count < text_.size() && is_digit(text_[place + count])) {
        ++count;
    }
    return count;
}

bool JsonParser::read_number() {
    std::size_t end = place_ + (text_.substr(place_).starts_with('-') ? 1 : 0);
    const std::size_t whole = digits_at(end);
    if (whole == 0) {
        return fail("a value is expected");
    }
    if (whole > 1 && text_[end] == '0') {
        return fail("a number begins with 0");
    }
    end += whole;
    bool integer = true;
    if (end < text_.size() && text_[end] == '.') {
        integer = false;
        const std::size_t digits = digits_at(end + 1);
        if (digits == 0) {
            return fail("a number has no digit behind its point");
        }
        end += 1 + digits;
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
        integer = false;
        ++end;
        end += end < text_.size() && (text_[end] == '+' || text_[end] == '-') ? 1U : 0U;
        const std::size_t digits = digits_at(end);
        if (digits == 0) {
            return fail("a number has an empty exponent");
        }
        end += digits;
    }
    const std::string_view number = text_.substr(place_, end - place_);
    place_ = end;
    return (integer && read_integer(number)) || read_double(number);
}

/// False where it is too large for 64 bits.
bool JsonParser::read_integer(std::string_view digits) {
    const char* const end = digits.data() + digits.size();
    std::int64_t integer = 0;
    if (std::from_chars(digits.data(), end, integer).ec == std::errc()) {
        stack_.push_int64(integer);
        return true;
    }
    std::uint64_t natural = 0;
    if (digits[0] != '-' && std::from_chars(digits.data(), end, natural).ec == std::errc()) {
        stack_.push_uint64(natural);
        return true;
    }
    return false;
}

bool JsonParser::read_double(std::string_view digits) {
    double number = 0;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failed != std::errc()) {
        // Too large or too small; which of them it does not tell.
        boost::system::error_code error;
        const boost::json::value read = boost::json::parse(digits, error);
        number = read.is_double() ? read.get_double() : HUGE_VAL;
    }
    stack_.push_double(number);
    return std::isfinite(number) || fail("a number is out of range");
}

bool JsonParser::read_string() {
    return string_.read(text_, place_) || fail(string_.complaint());
}

}  // namespace chatear
