#include "base/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace chatear {
namespace {

std::string words_in_prose(const std::vector<std::string_view>& words) {
    std::string prose;
    for (std::size_t i = 0; i < words.size(); ++i) {
        prose += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        prose += words[i];
    }
    return prose;
}

/// Where the next URL with a scheme of its own begins, the comma before it excluded.
std::size_t end_of_first_url(std::string_view urls) {
    const std::size_t own = urls.find("://");
    const std::size_t next = own == std::string_view::npos ? own : urls.find("://", own + 3);
    const std::size_t comma = next == std::string_view::npos ? next : urls.rfind(',', next);
    return comma == std::string_view::npos || comma == 0 ? urls.size() : comma;
}

/// The values of parameters that hold a password, as PostgreSQL's `?password=` does.
std::string without_secret_parameters(std::string_view text) {
    static constexpr std::array<std::string_view, 3> names{"password=", "token=", "secret="};
    std::string shown(text);
    for (const std::string_view name : names) {
        for (std::size_t at = shown.find(name); at != std::string::npos;
             at = shown.find(name, at)) {
            at += name.size();
            const std::size_t end = std::min(shown.find('&', at), shown.size());
            shown.replace(at, end - at, "***");
        }
    }
    return shown;
}

void append_without_password(std::string& shown, std::string_view url) {
    const std::size_t scheme_end = url.find("://");
    const std::size_t start = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
    const std::size_t at = url.rfind('@');
    shown += url.substr(0, start);
    url.remove_prefix(start);
    if (at != std::string_view::npos && at >= start) {
        const std::size_t colon = url.substr(0, at - start).find(':');
        // Without a colon the user's place holds a token (NATS).
        shown += colon == std::string_view::npos ? "" : url.substr(0, colon + 1);
        shown += "***";
        url.remove_prefix(at - start);
    }
    shown += without_secret_parameters(url);
}

}  // namespace

SettingInForce& SettingsReader::declare(const Setting& setting, std::string_view allowed) {
    SettingInForce& declared = in_force_.emplace_back();
    declared.name = setting.name;
    declared.fallback = setting.fallback;
    declared.allowed = allowed;
    declared.help = setting.help;
    declared.required = setting.required;
    return declared;
}

template <typename T>
std::optional<T> SettingsReader::read(
    const Setting& setting,
    std::string_view allowed,
    const std::function<Result<T>(std::string_view)>& parse
) {
    SettingInForce& declared = declare(setting, allowed);
    const auto given = environment_.get(setting.name);
    if (!given) {
        errors_.push_back(given.error());
        return std::nullopt;
    }
    declared.from_environment = given->has_value();
    declared.value = given->value_or(std::string(setting.fallback));
    if (declared.value.empty()) {
        if (setting.required) {
            errors_.push_back({fmt::format(
                "{} is missing: {} (allowed: {})", setting.name, setting.help, allowed
            )});
        }
        return std::nullopt;
    }
    auto value = parse(declared.value);
    if (!value) {
        errors_.push_back(
            {fmt::format("{}: {} (allowed: {})", setting.name, value.error().message, allowed)}
        );
        return std::nullopt;
    }
    return std::move(*value);
}

std::optional<std::string> SettingsReader::optional_text(
    const Setting& setting, std::string_view allowed
) {
    return read<std::string>(setting, allowed, [](std::string_view value) -> Result<std::string> {
        return std::string(value);
    });
}

std::string SettingsReader::text(const Setting& setting, std::string_view allowed) {
    return optional_text(setting, allowed).value_or("");
}

Secret SettingsReader::secret(const Setting& setting) {
    Secret value(text(setting, "text, never shown"));
    in_force_.back().secret = true;
    in_force_.back().value = value.empty() ? "" : "(hidden)";
    return value;
}

bool SettingsReader::boolean(const Setting& setting) {
    return choice(setting, {"false", "true"}) == 1;
}

std::int64_t SettingsReader::integer(
    const Setting& setting, std::int64_t least, std::int64_t most
) {
    const auto parse = [&](std::string_view text) -> Result<std::int64_t> {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < least ||
            value > most) {
            return Error{fmt::format("'{}' is not a whole number in range", text)};
        }
        return value;
    };
    return read<std::int64_t>(setting, fmt::format("{} to {}", least, most), parse).value_or(least);
}

std::chrono::milliseconds SettingsReader::duration(
    const Setting& setting, std::chrono::milliseconds least, std::chrono::milliseconds most
) {
    const auto parse = [&](std::string_view text) -> Result<std::chrono::milliseconds> {
        auto value = parse_duration(text);
        if (value && (*value < least || *value > most)) {
            return Error{fmt::format("'{}' is out of range", text)};
        }
        return value;
    };
    const std::string allowed =
        fmt::format("{} to {}", format_duration(least), format_duration(most));
    return read<std::chrono::milliseconds>(setting, allowed, parse).value_or(least);
}

std::size_t SettingsReader::bytes(const Setting& setting, std::size_t least, std::size_t most) {
    const auto parse = [&](std::string_view text) -> Result<std::size_t> {
        auto value = parse_bytes(text);
        if (value && (*value < least || *value > most)) {
            return Error{fmt::format("'{}' is out of range", text)};
        }
        return value;
    };
    return read<std::size_t>(
               setting, fmt::format("{} to {} bytes, or with KiB, MiB, GiB", least, most), parse
    )
        .value_or(least);
}

std::optional<Rate> SettingsReader::rate(const Setting& setting) {
    return read<Rate>(setting, "count/time, as in 100/1m", parse_rate);
}

std::optional<ListenAddress> SettingsReader::listen_address(const Setting& setting) {
    bool off = false;
    const auto parse = [&](std::string_view text) -> Result<ListenAddress> {
        off = text == "off";
        if (off) {
            return ListenAddress{};
        }
        return parse_listen_address(text);
    };
    auto address = read<ListenAddress>(setting, "host:port (port 0: a free one), or off", parse);
    return off ? std::nullopt : address;
}

std::size_t SettingsReader::choice(
    const Setting& setting, const std::vector<std::string_view>& words
) {
    const auto parse = [&](std::string_view text) -> Result<std::size_t> {
        const auto found = std::find(words.begin(), words.end(), text);
        if (found == words.end()) {
            return Error{fmt::format("'{}' is none of the allowed words", text)};
        }
        return static_cast<std::size_t>(found - words.begin());
    };
    return read<std::size_t>(setting, words_in_prose(words), parse).value_or(0);
}

std::string SettingsReader::url(
    const Setting& setting, const std::vector<std::string_view>& schemes
) {
    const auto parse = [&](std::string_view text) -> Result<std::string> {
        const std::string_view scheme = text.substr(0, std::min(text.find("://"), text.size()));
        if (std::find(schemes.begin(), schemes.end(), scheme) == schemes.end() || scheme == text) {
            return Error{fmt::format("'{}' is no URL that fits", without_password(text))};
        }
        return std::string(text);
    };
    const std::string value =
        read<std::string>(setting, "a URL: " + words_in_prose(schemes) + "://...", parse)
            .value_or("");
    in_force_.back().value = without_password(in_force_.back().value);
    return value;
}

void SettingsReader::add_error(std::string_view name, std::string message) {
    errors_.push_back({fmt::format("{}: {}", name, message)});
}

std::string without_password(std::string_view url) {
    // Several URLs may stand in one value, separated by commas (NATS_URL). What is malformed is
    // hidden too generously rather than too little: a password with a bare '/' or ',' in it.
    std::string shown;
    while (!url.empty()) {
        const std::size_t end = end_of_first_url(url);
        append_without_password(shown, url.substr(0, end));
        url.remove_prefix(end);
    }
    return shown;
}

}  // namespace chatear
