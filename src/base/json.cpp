#include "base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <span>
#include <vector>

namespace chatear {
namespace {

constexpr std::size_t max_depth = 32;

/// Boost.JSON silently keeps the last of two equal keys and lets U+0000 and infinities through;
/// this handler sees the document before those details are gone.
class StrictHandler {
public:
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    using error_code = boost::system::error_code;
    using string_view = boost::json::string_view;

    std::string complaint;
    std::vector<double> doubles;  // In the order of the document.

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t, error_code&) { return true; }
    bool on_object_begin(error_code&) {
        keys_.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, error_code&) {
        keys_.pop_back();
        return true;
    }
    bool on_string_part(string_view part, std::size_t, error_code& error) {
        return take_text(part, error);
    }
    bool on_string(string_view part, std::size_t, error_code& error) {
        return take_text(part, error);
    }
    bool on_key_part(string_view part, std::size_t, error_code& error) {
        key_ += std::string_view(part);
        return take_text(part, error);
    }
    bool on_key(string_view part, std::size_t, error_code& error) {
        key_ += std::string_view(part);
        if (!keys_.back().insert(key_).second) {
            return refuse("the key \"" + key_ + "\" stands twice in one object", error);
        }
        key_.clear();
        return take_text(part, error);
    }
    bool on_number_part(string_view, error_code&) { return true; }
    bool on_int64(std::int64_t, string_view, error_code&) { return true; }
    bool on_uint64(std::uint64_t, string_view, error_code&) { return true; }
    bool on_double(double number, string_view text, error_code& error) {
        double exact = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), exact);
        const bool whole = failed == std::errc() && end == text.data() + text.size();
        doubles.push_back(whole ? exact : number);
        return std::isfinite(doubles.back()) || refuse("a number is out of range", error);
    }
    bool on_bool(bool, error_code&) { return true; }
    bool on_null(error_code&) { return true; }
    bool on_comment_part(string_view, error_code&) { return true; }
    bool on_comment(string_view, error_code&) { return true; }

private:
    bool take_text(string_view part, error_code& error) {
        return part.find('\0') == string_view::npos ||
               refuse("a string holds the character U+0000", error);
    }
    bool refuse(std::string why, error_code& error) {
        complaint = std::move(why);
        error = boost::json::error::syntax;
        return false;
    }

    std::vector<std::set<std::string>> keys_;
    std::string key_;
};

/// Boost.JSON reads some doubles a little beside the nearest one, and not alike in all versions.
/// Takes those of `doubles` that `value` holds off its front.
void make_exact(boost::json::value& value, std::span<const double>& doubles) {
    if (auto* object = value.if_object()) {
        for (auto& member : *object) {
            make_exact(member.value(), doubles);
        }
    } else if (auto* array = value.if_array()) {
        for (boost::json::value& element : *array) {
            make_exact(element, doubles);
        }
    } else if (double* number = value.if_double(); number != nullptr && !doubles.empty()) {
        *number = doubles.front();
        doubles = doubles.subspan(1);
    }
}

void write_string(std::string& out, std::string_view text) {
    out += boost::json::serialize(boost::json::string_view(text));
}

void write(std::string& out, const boost::json::value& value) {
    if (const auto* object = value.if_object()) {
        out += '{';
        for (const auto& [key, member] : *object) {
            out += out.back() == '{' ? "" : ",";
            write_string(out, key);
            out += ':';
            write(out, member);
        }
        out += '}';
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            out += i == 0 ? "" : ",";
            write(out, (*array)[i]);
        }
        out += ']';
    } else if (value.is_number()) {
        out += number_to_text(value);
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::json::basic_parser<StrictHandler> checker(options);
    boost::system::error_code error;
    const std::size_t parsed = checker.write_some(false, text.data(), text.size(), error);
    if (!error && parsed < text.size()) {
        error = boost::json::error::extra_data;
    }
    if (error) {
        const std::string& complaint = checker.handler().complaint;
        return Error{fmt::format(
            "not JSON we take: {} (at byte {} of {})",
            complaint.empty() ? error.message() : complaint,
            std::min(parsed, text.size()),
            text.size()
        )};
    }
    boost::json::value value = boost::json::parse(text, error, {}, options);
    if (error) {
        return Error{"not JSON we take: " + error.message()};
    }
    std::span<const double> doubles = checker.handler().doubles;
    make_exact(value, doubles);
    return value;
}

std::string number_to_text(const boost::json::value& number) {
    if (const auto* integer = number.if_int64()) {
        return std::to_string(*integer);
    }
    if (const auto* natural = number.if_uint64()) {
        return std::to_string(*natural);
    }
    char buffer[64];
    // Adding 0 makes of -0.0 the 0 that "-0" is read as: what is written is read and written alike.
    const double value = number.as_double() + 0.0;
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
    return std::string(buffer, error == std::errc() ? end : buffer);
}

std::string to_json_text(const boost::json::value& value) {
    std::string out;
    write(out, value);
    return out;
}

}  // namespace chatear
