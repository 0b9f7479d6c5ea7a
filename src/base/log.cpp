#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/redaction.hpp"
#include "base/utc.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

namespace chatear::log {
namespace {

constexpr std::size_t usual_line_bytes = 512;

struct State {
    Level level = Level::info;
    Format format = Format::text;
    std::string worker = "chatear";
    bool pii = false;
    std::shared_ptr<spdlog::logger> sink = [] {
        auto logger = std::make_shared<spdlog::logger>(
            "chatear", std::make_shared<spdlog::sinks::stderr_sink_st>()
        );
        logger->set_pattern("%v");
        logger->set_level(spdlog::level::trace);
        logger->flush_on(spdlog::level::trace);
        return logger;
    }();
};

State& state() {
    static State instance;
    return instance;
}

constexpr std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "";
}

/// What must not reach a reader's terminal or end the line as it is: C0 and C1 controls, DEL, and
/// Unicode's line and paragraph separators.
bool needs_escape(std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) {
        return first < 0x20 || first == 0x7f;
    }
    const bool c1 = first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
    return c1 || character == "\u2028" || character == "\u2029";
}

/// Requires a character of the Basic Multilingual Plane in at most three bytes.
unsigned code_point(std::string_view character) {
    unsigned value = static_cast<unsigned char>(character[0]);
    if (character.size() > 1) {
        value &= character.size() == 2 ? 0x1fU : 0x0fU;
        for (const char byte : character.substr(1)) {
            value = value << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
        }
    }
    return value;
}

/// How many bytes at the start of `text` may stand in a JSON string as they are, ASCII only.
std::size_t plain_prefix(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
    });
    return static_cast<std::size_t>(end - text.begin());
}

/// Untrusted text may hold anything: bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& line, std::string_view text) {
    line += '"';
    while (true) {
        const std::size_t plain = plain_prefix(text);
        line += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const std::size_t length = utf8_character_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length == 0) {
            line += "\\ufffd";
        } else if (needs_escape(character)) {
            fmt::format_to(std::back_inserter(line), "\\u{:04x}", code_point(character));
        } else {
            line += character == "\"" || character == "\\" ? "\\" : "";
            line += character;
        }
        text.remove_prefix(character.size());
    }
    line += '"';
}

/// Whether a value can stand in a text line without quotes.
bool is_plain_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
}

void append_value(std::string& line, const Field& field, bool quote) {
    std::visit(
        [&](const auto& value) {
            using Value = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<Value, std::string_view>) {
                if (quote || !is_plain_word(value)) {
                    append_json_string(line, value);
                } else {
                    line += value;
                }
            } else if constexpr (std::is_same_v<Value, double>) {
                // JSON has no number for what is not finite.
                const char* mark = std::isfinite(value) || !quote ? "" : "\"";
                fmt::format_to(std::back_inserter(line), "{}{}{}", mark, value, mark);
            } else {
                fmt::format_to(std::back_inserter(line), "{}", value);
            }
        },
        field.value
    );
}

/// `reason` and `error` are others' words: what they say of a person is taken out.
void append_field(std::string& line, const Field& field, bool quote) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    if (text != nullptr && (field.name == "reason" || field.name == "error")) {
        const std::string shown = with_redacted_addresses(*text);
        append_value(line, Field(field.name, shown), quote);
    } else {
        append_value(line, field, quote);
    }
}

void write(Level level, std::string_view message, Fields fields) {
    if (!enabled(level)) {
        return;
    }
    const State& current = state();
    const std::string time = format_time(SystemClock().now());
    current.sink->log(
        spdlog::level::info,
        spdlog::string_view_t(
            format_line(current.format, level, time, current.worker, message, fields)
        )
    );
}

}  // namespace

void configure(Level level, Format format, std::string_view worker) {
    state().level = level;
    state().format = format;
    state().worker = worker;
}

void allow_pii(bool allowed) {
    state().pii = allowed;
}

bool enabled(Level level) {
    return level >= state().level;
}

void debug(std::string_view message, Fields fields) {
    write(Level::debug, message, fields);
}

void info(std::string_view message, Fields fields) {
    write(Level::info, message, fields);
}

void warn(std::string_view message, Fields fields) {
    write(Level::warn, message, fields);
}

void error(std::string_view message, Fields fields) {
    write(Level::error, message, fields);
}

std::string redacted_address(std::string_view address) {
    if (state().pii) {
        return std::string(address);
    }
    const std::size_t at = address.rfind('@');
    const std::string_view domain = at == std::string_view::npos ? "" : address.substr(at + 1);
    const std::string digest = sha256(address);
    std::string shown = to_hex(std::string_view(digest).substr(0, 6));
    shown += '@';
    shown += domain;
    return shown;
}

std::string format_line(
    Format format,
    Level level,
    std::string_view time,
    std::string_view worker,
    std::string_view message,
    Fields fields
) {
    std::string line;
    if (format == Format::json) {
        line.reserve(usual_line_bytes);
        line.append(R"({"time":")").append(time);
        line.append(R"(","level":")").append(name_of(level)).append(R"(","worker":)");
        append_json_string(line, worker);
        line += R"(,"message":)";
        append_json_string(line, message);
        for (const Field& field : fields) {
            line += ',';
            append_json_string(line, field.name);
            line += ':';
            append_field(line, field, true);
        }
        line += '}';
        return line;
    }
    line = fmt::format("{} {:<5} {}: {}", time, name_of(level), worker, message);
    for (const Field& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        append_field(line, field, false);
    }
    return line;
}

}  // namespace chatear::log
