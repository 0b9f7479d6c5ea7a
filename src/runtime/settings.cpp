#include "runtime/settings.hpp"

#include <array>

namespace chatear::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void read_retry(SettingsReader& reader, Settings& settings) {
    settings.retry.max_attempts = static_cast<std::uint32_t>(reader.integer(
        {.name = "RETRY_MAX_ATTEMPTS",
         .fallback = "10",
         .help = "Failed attempts until an event is a dead letter."},
        1,
        1000
    ));
    settings.retry.base = reader.duration(
        {.name = "RETRY_BASE",
         .fallback = "1s",
         .help = "Upper end of the first delay; it doubles with each attempt."},
        milliseconds(1),
        hours(1)
    );
    settings.retry.most = reader.duration(
        {.name = "RETRY_MAX", .fallback = "5m", .help = "What the delay never exceeds."},
        milliseconds(1),
        hours(24)
    );
}

void read_work(SettingsReader& reader, Settings& settings) {
    settings.concurrency = static_cast<std::size_t>(reader.integer(
        {.name = "WORKER_CONCURRENCY",
         .fallback = "512",
         .help = "Events of a subject in hand at once, at most."},
        1,
        10'000
    ));
    settings.memory_budget = reader.bytes(
        {.name = "MEMORY_BUDGET",
         .fallback = "64MiB",
         .help = "Bytes of a subject's events in hand at once, at most."},
        1024 * 1024,
        std::size_t{64} * 1024 * 1024 * 1024
    );
    settings.shutdown_timeout = reader.duration(
        {.name = "SHUTDOWN_TIMEOUT",
         .fallback = "25s",
         .help =
             "How long SIGTERM waits for the events in hand; give the supervisor a little more."},
        seconds(1),
        minutes(15)
    );
    settings.state_dir = reader.text(
        {.name = "STATE_DIR",
         .help = "A folder on a local disk that outlives the process: a restarted worker then "
                 "takes its predecessor's events over at once, and knows which of their contents "
                 "were accepted or had not begun."},
        "a folder"
    );
}

void read_stores(SettingsReader& reader, Settings& settings) {
    settings.migrate = reader.boolean(
        {.name = "MIGRATE",
         .fallback = "false",
         .help = "Apply pending migrations at the start of a worker."}
    );
    settings.migrations_dir = reader.text(
        {.name = "MIGRATIONS_DIR",
         .fallback = "migrations",
         .help = "Where the migrations' SQL files are."},
        "a folder"
    );
    settings.nats_replicas = static_cast<int>(reader.integer(
        {.name = "NATS_REPLICAS",
         .fallback = "1",
         .help = "Copies of each stream that is made: 3 in a cluster."},
        1,
        5
    ));
    settings.ledger_retention = reader.duration(
        {.name = "EMAIL_LEDGER_RETENTION",
         .fallback = "90d",
         .help = "How long final ledger rows are kept; older events without a row are not sent."},
        hours(1),
        hours(24 * 3650)
    );
}

void read_surroundings(SettingsReader& reader, Settings& settings) {
    settings.http_listen = reader.listen_address(
        {.name = "HTTP_LISTEN",
         .fallback = "127.0.0.1:9090",
         .help = "Where /healthz, /readyz and /metrics are served."}
    );
    static constexpr std::array levels{
        log::Level::debug, log::Level::info, log::Level::warn, log::Level::error};
    settings.log_level = levels[reader.choice(
        {.name = "LOG_LEVEL",
         .fallback = "info",
         .help = "The least important lines that are logged."},
        {"debug", "info", "warn", "error"}
    )];
    const std::size_t format = reader.choice(
        {.name = "LOG_FORMAT",
         .fallback = "json",
         .help = "One JSON object a line, or text for people."},
        {"json", "text"}
    );
    settings.log_format = format == 0 ? log::Format::json : log::Format::text;
    settings.log_pii = reader.boolean(
        {.name = "LOG_PII",
         .fallback = "false",
         .help = "Log recipients' addresses instead of a hash and the domain."}
    );
}

}  // namespace

Settings read_settings(SettingsReader& reader) {
    Settings settings;
    read_work(reader, settings);
    read_retry(reader, settings);
    read_stores(reader, settings);
    read_surroundings(reader, settings);
    return settings;
}

void apply_log_settings(const Settings& settings, std::string_view worker) {
    log::configure(settings.log_level, settings.log_format, worker);
    log::allow_pii(settings.log_pii);
}

}  // namespace chatear::runtime
