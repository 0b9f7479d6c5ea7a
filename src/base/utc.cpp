#include "base/utc.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace chatear {
namespace {

using std::chrono::year_month_day;

/// Takes exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) {
        return std::nullopt;
    }
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc() || end != text.data() + digits || text[0] == '-') {
        return std::nullopt;
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text[0]) == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

std::optional<Time> take_date_and_time(std::string_view& text) {
    const auto year = take_number(text, 4);
    const bool dash = take(text, "-");
    const auto month = take_number(text, 2);
    const bool second_dash = take(text, "-");
    const auto day = take_number(text, 2);
    const bool separator = take(text, "Tt ");
    const auto hour = take_number(text, 2);
    const bool colon = take(text, ":");
    const auto minute = take_number(text, 2);
    const bool second_colon = take(text, ":");
    const auto second = take_number(text, 2);
    if (!year || !dash || !month || !second_dash || !day || !separator || !hour || !colon ||
        !minute || !second_colon || !second) {
        return std::nullopt;
    }
    const year_month_day date{
        std::chrono::year(*year),
        std::chrono::month(static_cast<unsigned>(*month)),
        std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

/// The digits behind the point, as microseconds; what is finer is cut off.
std::optional<std::chrono::microseconds> take_fraction(std::string_view& text) {
    if (!take(text, ".")) {
        return std::chrono::microseconds(0);
    }
    std::int64_t value = 0;
    std::int64_t scale = 1'000'000;
    bool any = false;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        if (scale > 1) {
            value = value * 10 + (text[0] - '0');
            scale /= 10;
        }
        any = true;
        text.remove_prefix(1);
    }
    if (!any) {
        return std::nullopt;
    }
    return std::chrono::microseconds(value * scale);
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (take(text, "Zz")) {
        return std::chrono::minutes(0);
    }
    const int sign = text.starts_with('-') ? -1 : 1;
    if (!take(text, "+-")) {
        return std::nullopt;
    }
    const auto hours = take_number(text, 2);
    if (!hours) {
        return std::nullopt;
    }
    std::optional<int> minutes = 0;
    if (!text.empty()) {
        take(text, ":");
        minutes = take_number(text, 2);
    }
    if (!minutes || *hours > 23 || *minutes > 59) {
        return std::nullopt;
    }
    return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

/// The last `digits` digits of a number that is not negative. Times stand in every log line and
/// statement; fmt takes eight times as long for one.
void append_digits(std::string& text, std::int64_t number, std::size_t digits) {
    const std::size_t end = text.size() + digits;
    text.resize(end);
    for (std::size_t place = end; place > end - digits; number /= 10) {
        text[--place] = static_cast<char>('0' + number % 10);
    }
}

}  // namespace

std::string format_time(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text = utc_day(time);
    text += 'T';
    append_digits(text, clock.hours().count(), 2);
    text += ':';
    append_digits(text, clock.minutes().count(), 2);
    text += ':';
    append_digits(text, clock.seconds().count(), 2);
    text += '.';
    append_digits(text, clock.subseconds().count(), 6);
    text += 'Z';
    return text;
}

Result<Time> parse_time(std::string_view text) {
    std::string_view rest = text;
    const auto time = take_date_and_time(rest);
    const auto fraction = time ? take_fraction(rest) : std::nullopt;
    const auto offset = fraction ? take_offset(rest) : std::nullopt;
    if (!offset || !rest.empty()) {
        return Error{
            fmt::format("'{}' is no time: write it as 2026-11-23T18:04:05Z (RFC 3339)", text)};
    }
    return *time + *fraction - *offset;
}

std::string utc_day(Time time) {
    const year_month_day date(std::chrono::floor<std::chrono::days>(time));
    const auto year = static_cast<int>(date.year());
    const auto month = static_cast<unsigned>(date.month());
    const auto day = static_cast<unsigned>(date.day());
    if (year < 0 || year > 9999) {
        return fmt::format("{:04}-{:02}-{:02}", year, month, day);
    }
    std::string text;
    text.reserve(sizeof "2026-11-23T18:04:05.123456Z");
    append_digits(text, year, 4);
    text += '-';
    append_digits(text, month, 2);
    text += '-';
    append_digits(text, day, 2);
    return text;
}

}  // namespace chatear
