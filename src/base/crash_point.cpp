#include "base/crash_point.hpp"

#include "base/assert.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

namespace chatear {
namespace {

/// What the environment asks for; empty = nothing.
std::string crash_at() {
    const char* const text = std::getenv("CRASH_AT");
    return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

#ifdef CHATEAR_CRASH_POINTS

namespace {

constexpr std::array<std::string_view, 13> known = {
    "after-claim",
    "before-content",
    "content-begun",
    "after-content",
    "after-250",
    "before-record",
    "after-record",
    "before-ack",
    "after-ack",
    "after-publish",
    "after-intake",
    "before-execution",
    "after-execution"};

struct Wanted {
    std::string name;
    int times = 1;
};

/// Nothing: `text` is no point with a number of times.
std::optional<Wanted> parse(std::string_view text) {
    Wanted wanted;
    const std::size_t colon = text.find(':');
    wanted.name = text.substr(0, colon);
    if (colon != std::string_view::npos) {
        const std::string_view digits = text.substr(colon + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), wanted.times);
        if (error != std::errc() || end != digits.data() + digits.size() || wanted.times < 1) {
            return std::nullopt;
        }
    }
    const bool exists = std::find(known.begin(), known.end(), wanted.name) != known.end();
    return exists ? std::optional(wanted) : std::nullopt;
}

}  // namespace

void crash_point(std::string_view name) {
    static std::optional<Wanted> wanted = parse(crash_at());
    CHATEAR_ASSERT(std::find(known.begin(), known.end(), name) != known.end());
    if (wanted && wanted->name == name && --wanted->times == 0) {
        ::kill(getpid(), SIGKILL);
    }
}

Result<void> check_crash_at() {
    const std::string wanted = crash_at();
    if (wanted.empty() || parse(wanted)) {
        return {};
    }
    std::string names;
    for (const std::string_view name : known) {
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return Error{
        "CRASH_AT: '", wanted, "' is none of ", names, " (each with ':<times>' or without)"};
}

#else

void crash_point(std::string_view /*name*/) {}

Result<void> check_crash_at() {
    if (crash_at().empty()) {
        return {};
    }
    return Error{"CRASH_AT: this build has no crash points: unset it"};
}

#endif

}  // namespace chatear
