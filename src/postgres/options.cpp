#include "postgres/options.hpp"

#include "postgres/connection_string.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace chatear::postgres {
namespace {

constexpr Setting database_url{
    .name = "DATABASE_URL",
    .fallback = "",
    .help =
        "PostgreSQL: postgres://user:password@host:5432/database?sslmode=verify-full, or key=value "
        "words; several "
        "hosts with commas, tried in turn until one takes writes.",
    .required = true,
};
constexpr Setting connections{
    .name = "POSTGRES_CONNECTIONS",
    .fallback = "4",
    .help = "Connections of each process. A few are enough: statements are pipelined.",
};
constexpr Setting statement_timeout{
    .name = "POSTGRES_STATEMENT_TIMEOUT",
    .fallback = "10s",
    .help =
        "How long the server may work on one statement. Two seconds later the connection counts as "
        "lost.",
};

}  // namespace

Result<void> check_url(const Secret& url) {
    const Result<Words> words = parse_url(url);
    if (!words) {
        return words.error();
    }
    return {};
}

ConnectionOptions read_settings(SettingsReader& reader) {
    ConnectionOptions options;
    options.url = reader.secret(database_url);
    if (!options.url.empty()) {
        const Result<void> checked = check_url(options.url);
        if (!checked) {
            reader.add_error(database_url.name, checked.error().message);
        }
    }
    options.connections = static_cast<std::size_t>(reader.integer(connections, 1, 100));
    options.statement_timeout = reader.duration(
        statement_timeout, std::chrono::milliseconds(100), std::chrono::minutes(10)
    );
    return options;
}

bool is_exposed(const Secret& url) {
    const Result<Words> words = parse_url(url);
    if (!words) {
        return false;
    }
    const std::vector<HostPort> hosts = hosts_of(*words);
    return std::any_of(hosts.begin(), hosts.end(), [&](const HostPort& host) {
        return !is_on_this_machine(host) &&
               ssl_mode(words_for(*words, host, ConnectionOptions())) != "verify-full";
    });
}

std::string describe_hosts(const Secret& url) {
    const Result<Words> words = parse_url(url);
    if (!words) {
        return "?";
    }
    std::string text;
    for (const HostPort& host : hosts_of(*words)) {
        text += fmt::format("{}{}:{}", text.empty() ? "" : ", ", host.host, host.port);
    }
    return text;
}

}  // namespace chatear::postgres
