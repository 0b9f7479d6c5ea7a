#pragma once

#include "base/environment.hpp"
#include "base/secret.hpp"
#include "base/values.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear {

/// How one setting is declared, once, by the module that uses it. The table in
/// docs/configuration.md and the output of `chatear config` are made from these.
struct Setting {
    std::string_view name;      ///< The environment variable.
    std::string_view fallback;  ///< Its default in the same form as a value; empty = none.
    std::string_view help;      ///< One or two sentences for the table.
    bool required = false;      ///< Missing stops the start.
};

/// What was read for one setting, as text; secrets already hidden.
struct SettingInForce {
    std::string name;
    std::string value;  ///< "" = not set; "(hidden)" for a secret that is set.
    std::string fallback;
    std::string allowed;  ///< "30s to 10m", "auto, starttls, implicit or off", "an URL", ...
    std::string help;
    bool required = false;
    bool secret = false;
    bool from_environment = false;
};

/// Reads settings and collects every mistake, so that a start names all of them at once.
class SettingsReader {
public:
    explicit SettingsReader(const Environment& environment) : environment_(environment) {}

    std::string text(const Setting& setting, std::string_view allowed = "text");
    std::optional<std::string> optional_text(
        const Setting& setting, std::string_view allowed = "text"
    );
    Secret secret(const Setting& setting);
    bool boolean(const Setting& setting);  ///< true or false.
    std::int64_t integer(const Setting& setting, std::int64_t least, std::int64_t most);
    std::chrono::milliseconds duration(
        const Setting& setting, std::chrono::milliseconds least, std::chrono::milliseconds most
    );
    std::size_t bytes(const Setting& setting, std::size_t least, std::size_t most);
    std::optional<Rate> rate(const Setting& setting);
    std::optional<ListenAddress> listen_address(const Setting& setting);  ///< Nothing when `off`.

    /// One of `words`; the result is its place in them.
    std::size_t choice(const Setting& setting, const std::vector<std::string_view>& words);

    /// A URL with one of `schemes`, which may hold a password: shown without it.
    std::string url(const Setting& setting, const std::vector<std::string_view>& schemes);

    /// Notes a mistake that concerns `name` but that only the caller can see.
    void add_error(std::string_view name, std::string message);

    const std::vector<Error>& errors() const { return errors_; }
    const std::vector<SettingInForce>& in_force() const { return in_force_; }

private:
    SettingInForce& declare(const Setting& setting, std::string_view allowed);
    /// Reads, parses with `parse`, and reports what is wrong; nothing when unset or wrong.
    template <typename T>
    std::optional<T> read(
        const Setting& setting,
        std::string_view allowed,
        const std::function<Result<T>(std::string_view)>& parse
    );

    const Environment& environment_;
    std::vector<Error> errors_;
    std::vector<SettingInForce> in_force_;
};

/// `url` with its password, and a token in the user's place, replaced by `***`; safe to log.
std::string without_password(std::string_view url);

}  // namespace chatear
