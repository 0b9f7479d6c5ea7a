#include "deletion/settings.hpp"

#include <algorithm>

namespace chatear::deletion {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr milliseconds least_period{hours(24)};
constexpr milliseconds most_period{hours(24 * 365)};
constexpr std::size_t most_name_bytes = 63;  // PostgreSQL's NAMEDATALEN less one.

bool read_development(SettingsReader& reader) {
    return reader.boolean(
        {.name = "DEVELOPMENT",
         .fallback = "false",
         .help = "Allows what only a development machine may: a RECOVERY_PERIOD under 24h, and no "
                 "RECOVERY_URL."}
    );
}

milliseconds read_period(SettingsReader& reader, bool development) {
    return reader.duration(
        {.name = "RECOVERY_PERIOD",
         .fallback = "24h",
         .help = "How long an account can be recovered once its recovery mail was accepted. Less "
                 "than 24h only with DEVELOPMENT=true."},
        development ? milliseconds(1) : least_period,
        most_period
    );
}

void read_recovery(SettingsReader& reader, Settings& settings, bool development) {
    settings.recovery_period = read_period(reader, development);
    settings.recovery_url = reader.url(
        {.name = "RECOVERY_URL",
         .fallback = development ? "http://127.0.0.1:9091/recover" : "",
         .help = "Where people reach the recovery page, as in https://chat.example.org/recover: "
                 "the address before a proxy that speaks TLS. The mail's link is it with a token.",
         .required = !development},
        {"https", "http"}
    );
    if (settings.recovery_url.find_first_of("?#") != std::string::npos) {
        reader.add_error("RECOVERY_URL", "must have neither a query ('?') nor a fragment ('#')");
    }
    settings.recovery_listen = reader.listen_address(
        {.name = "RECOVERY_LISTEN",
         .fallback = "127.0.0.1:9091",
         .help = "Where the recovery page is served, and nothing else."}
    );
}

/// A name as it may stand, quoted, in SQL: letters that need no care.
bool is_column_name(std::string_view name) {
    return !name.empty() && name.size() <= most_name_bytes &&
           std::all_of(name.begin(), name.end(), [](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || byte == '_';
           });
}

/// Who was deleted, and when, stays.
bool is_needed(std::string_view column) {
    return column == "id" || column == "is_deleted" || column == "deleted_at";
}

std::vector<std::string> read_columns(SettingsReader& reader) {
    constexpr std::string_view name = "HARD_DELETE_COLUMNS";
    const std::string list = reader.text(
        {.name = name,
         .fallback = "email,name,locale,time_zone",
         .help = "The columns of users that HARD_DELETE_AFTER blanks. Of the default's four those "
                 "are left out that the table lacks; any other must be there."},
        "names of columns, joined by commas"
    );
    std::vector<std::string> columns;
    std::string_view rest = list;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        std::string_view column = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        while (column.starts_with(' ')) {
            column.remove_prefix(1);
        }
        while (column.ends_with(' ')) {
            column.remove_suffix(1);
        }
        if (!is_column_name(column) || is_needed(column)) {
            reader.add_error(
                name,
                "'" + std::string(column) +
                    "' cannot be blanked: allowed are names of letters, digits and '_', but not "
                    "id, is_deleted and deleted_at"
            );
        }
        if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
            columns.emplace_back(column);
        }
    }
    return columns;
}

}  // namespace

ErasureSettings read_erasure_settings(SettingsReader& reader) {
    ErasureSettings settings;
    constexpr std::string_view name = "HARD_DELETE_AFTER";
    const std::string after = reader.text(
        {.name = name,
         .fallback = "off",
         .help = "How long after an account's deletion what is personal is blanked: the columns of "
                 "HARD_DELETE_COLUMNS, and addresses in the ledger."},
        "off, or 1d to 3650d"
    );
    if (after != "off") {
        const auto duration = parse_duration(after);
        if (!duration || *duration < hours(24) || *duration > hours(24 * 3650)) {
            reader.add_error(name, "'" + after + "' is wrong: allowed is off, or 1d to 3650d");
        } else {
            settings.after = *duration;
        }
    }
    settings.columns = read_columns(reader);
    return settings;
}

Settings read_settings(SettingsReader& reader) {
    Settings settings;
    const bool development = read_development(reader);
    settings.daily_limit = read_daily_limit(reader);
    settings.recovery_daily_limit = static_cast<int>(reader.integer(
        {.name = "RECOVERY_EMAIL_DAILY_LIMIT",
         .fallback = "2",
         .help = "Recovery e-mails a user and UTC day, at most; the deletion waits with its mail."},
        1,
        1000
    ));
    read_recovery(reader, settings, development);
    settings.erasure = read_erasure_settings(reader);
    return settings;
}

int read_daily_limit(SettingsReader& reader) {
    return static_cast<int>(reader.integer(
        {.name = "DELETION_DAILY_LIMIT",
         .fallback = "10",
         .help = "Accounts deleted a UTC day, at most; the rest keep their order and go on the "
                 "next day."},
        0,
        1'000'000
    ));
}

milliseconds read_recovery_period(SettingsReader& reader) {
    const bool development = read_development(reader);
    return read_period(reader, development);
}

std::string recovery_path(std::string_view recovery_url) {
    const std::size_t authority = recovery_url.find("://");
    const std::size_t begin = authority == std::string_view::npos ? 0 : authority + 3;
    const std::size_t slash = recovery_url.find('/', begin);
    return slash == std::string_view::npos ? "/" : std::string(recovery_url.substr(slash));
}

std::string recovery_link(std::string_view recovery_url, std::string_view token) {
    std::string link(recovery_url);
    link += "?token=";
    link += token;
    return link;
}

}  // namespace chatear::deletion
