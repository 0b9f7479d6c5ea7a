#include "base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

namespace chatear {
namespace {

constexpr std::size_t max_depth = 32;

/// The keys of the objects that are open, to find one that stands twice.
class OpenKeys {
public:
    void open() { objects_.push_back({few_.size(), {}}); }
    void close() {
        few_.resize(objects_.back().begin);
        objects_.pop_back();
    }

    /// False where the innermost object has it already.
    bool add(const std::string& key) {
        Object& object = objects_.back();
        const auto begin = few_.begin() + static_cast<std::ptrdiff_t>(object.begin);
        if (std::find(begin, few_.end(), key) != few_.end()) {
            return false;
        }
        if (few_.size() - object.begin < most_few) {
            few_.push_back(key);
            return true;
        }
        return object.many.insert(key).second;
    }

private:
    static constexpr std::size_t most_few = 16;  // As many are compared faster than put in order.

    struct Object {
        std::size_t begin;  // In few_.
        std::set<std::string> many;
    };
    std::vector<Object> objects_;
    std::vector<std::string> few_;
};

/// Builds the document. Boost.JSON's own handler silently keeps the last of two equal keys, lets
/// U+0000 and infinities through, and takes some doubles a little beside the nearest one, and not
/// alike in all versions; this one sees the text before those details are gone.
class StrictHandler {
public:
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    using error_code = boost::system::error_code;
    using string_view = boost::json::string_view;

    explicit StrictHandler(boost::json::storage_ptr storage)
        : stack_({}, buffer_.data(), buffer_.size()) {
        stack_.reset(std::move(storage));
    }

    boost::json::value release() { return stack_.release(); }

    std::string complaint;

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t size, error_code&) {
        stack_.push_array(size);
        return true;
    }
    bool on_object_begin(error_code&) {
        keys_.open();
        return true;
    }
    bool on_object_end(std::size_t size, error_code&) {
        keys_.close();
        stack_.push_object(size);
        return true;
    }
    bool on_string_part(string_view part, std::size_t, error_code& error) {
        stack_.push_chars(part);
        return check_text(part, error);
    }
    bool on_string(string_view part, std::size_t, error_code& error) {
        stack_.push_string(part);
        return check_text(part, error);
    }
    bool on_key_part(string_view part, std::size_t, error_code& error) {
        key_ += std::string_view(part);
        stack_.push_chars(part);
        return check_text(part, error);
    }
    bool on_key(string_view part, std::size_t, error_code& error) {
        key_ += std::string_view(part);
        stack_.push_key(part);
        if (!keys_.add(key_)) {
            return refuse("the key \"" + key_ + "\" stands twice in one object", error);
        }
        key_.clear();
        return check_text(part, error);
    }
    bool on_number_part(string_view, error_code&) { return true; }
    bool on_int64(std::int64_t number, string_view, error_code&) {
        stack_.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, string_view, error_code&) {
        stack_.push_uint64(number);
        return true;
    }
    bool on_double(double number, string_view text, error_code& error) {
        double exact = 0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), exact);
        const bool whole = failed == std::errc() && end == text.data() + text.size();
        const double nearest = whole ? exact : number;
        stack_.push_double(nearest);
        return std::isfinite(nearest) || refuse("a number is out of range", error);
    }
    bool on_bool(bool truth, error_code&) {
        stack_.push_bool(truth);
        return true;
    }
    bool on_null(error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(string_view, error_code&) { return true; }
    bool on_comment(string_view, error_code&) { return true; }

private:
    bool check_text(string_view part, error_code& error) {
        return part.find('\0') == string_view::npos ||
               refuse("a string holds the character U+0000", error);
    }
    bool refuse(std::string why, error_code& error) {
        complaint = std::move(why);
        error = boost::json::error::syntax;
        return false;
    }

    // Where most documents' values wait for their parents.
    alignas(boost::json::value) std::array<unsigned char, 4096> buffer_;
    boost::json::value_stack stack_;
    OpenKeys keys_;
    std::string key_;
};

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

Result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr storage) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::json::basic_parser<StrictHandler> parser(options, std::move(storage));
    boost::system::error_code error;
    const std::size_t parsed = parser.write_some(false, text.data(), text.size(), error);
    if (!error && parsed < text.size()) {
        error = boost::json::error::extra_data;
    }
    if (error) {
        const std::string& complaint = parser.handler().complaint;
        return Error{fmt::format(
            "not JSON we take: {} (at byte {} of {})",
            complaint.empty() ? error.message() : complaint,
            std::min(parsed, text.size()),
            text.size()
        )};
    }
    return parser.handler().release();
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
