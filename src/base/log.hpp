#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace chatear::log {

enum class Level { debug, info, warn, error };
enum class Format { json, text };

/// A value beside a log line's message. Holds views: use it only inside the call.
class Field {
public:
    Field(std::string_view its_name, std::string_view text) : name(its_name), value(text) {}
    Field(std::string_view its_name, const std::string& text)
        : Field(its_name, std::string_view(text)) {}
    Field(std::string_view its_name, const char* text) : Field(its_name, std::string_view(text)) {}
    Field(std::string_view its_name, std::same_as<bool> auto truth)
        : name(its_name), value(truth) {}
    Field(std::string_view its_name, std::floating_point auto number)
        : name(its_name), value(static_cast<double>(number)) {}
    Field(std::string_view its_name, std::signed_integral auto number)
        : name(its_name), value(static_cast<std::int64_t>(number)) {}
    Field(
        std::string_view its_name, std::unsigned_integral auto number
    ) requires(!std::same_as<decltype(number), bool>)
        : name(its_name), value(static_cast<std::uint64_t>(number)) {}

    std::string_view name;
    std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t> value;
};

/// Some fields, viewed: written as a list in the call, or gathered in a vector.
class Fields {
public:
    Fields() = default;
    Fields(std::initializer_list<Field> list) : count_(list.size()) {
        first_ = list.begin();  // Lives until the end of the call that it is written in.
    }
    Fields(const std::vector<Field>& list) : first_(list.data()), count_(list.size()) {}

    const Field* begin() const { return first_; }
    const Field* end() const { return first_ + count_; }

private:
    const Field* first_ = nullptr;
    std::size_t count_ = 0;
};

/// Sets what every later line goes by. Lines go to standard error, one write(2) each.
/// `worker` stands in every line.
void configure(Level level, Format format, std::string_view worker);

/// Whether recipients' addresses may stand in lines (LOG_PII).
void allow_pii(bool allowed);

bool enabled(Level level);

/// `message` is a constant sentence; what varies is in `fields` (names: docs/operations.md).
void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});   ///< Start, stop, the end of an event.
void warn(std::string_view message, Fields fields = {});   ///< Degraded; once at the change.
void error(std::string_view message, Fields fields = {});  ///< A human must act.

/// What may stand in a log line for an address: a short hash and the domain, or the address itself
/// where LOG_PII allows it.
std::string redacted_address(std::string_view address);

/// One line as it would be written, without its line break; pure, for tests.
std::string format_line(
    Format format,
    Level level,
    std::string_view time,
    std::string_view worker,
    std::string_view message,
    Fields fields
);

}  // namespace chatear::log
