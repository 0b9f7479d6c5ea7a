#include "admin/dead_letter.hpp"

#include "admin/printable.hpp"
#include "base/utc.hpp"
#include "mail/characters.hpp"
#include "nats/message.hpp"
#include "runtime/headers.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace chatear::admin {
namespace {

namespace header = runtime::header;

constexpr std::string_view outbox_id_header = "Chatear-Outbox-Id";

// Lines that the dead letter has and the event had not.
constexpr std::string_view letter_lines[] = {
    header::reason,
    header::dead_at,
    header::attempts,
    header::worker,
    header::subject,
    header::stream,
    header::stream_sequence,
    header::content_sha256,
    outbox_id_header,
};

std::string value_of(const nats::Headers& headers, std::string_view name) {
    return std::string(nats::find_header(headers, name).value_or(""));
}

std::optional<Time> time_of(std::string_view text) {
    const auto time = parse_time(text);
    return time ? std::optional<Time>(*time) : std::nullopt;
}

int nibble(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/// The raw bytes, or nothing where it is no SHA-256 in hexadecimal.
std::string digest_of(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        const int high = nibble(hex[i]);
        const int low = nibble(hex[i + 1]);
        if (high < 0 || low < 0) {
            return "";
        }
        bytes += static_cast<char>(high * 16 + low);
    }
    return hex.size() == 64 ? bytes : "";
}

std::uint32_t generation_of(std::string_view text) {
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), mail::to_lower_ascii);
    return out;
}

}  // namespace

DeadLetter read_dead_letter(const nats::StoredMessage& stored) {
    const nats::Headers& headers = stored.message.headers;
    DeadLetter letter;
    letter.sequence = stored.seq;
    letter.subject = value_of(headers, header::subject);
    if (letter.subject.empty() && stored.message.subject.starts_with("dlq.")) {
        letter.subject = stored.message.subject.substr(4);
    }
    letter.event_id = value_of(headers, header::event_id);
    letter.generation = generation_of(value_of(headers, header::generation));
    letter.published_at = time_of(value_of(headers, header::published_at));
    letter.reason = value_of(headers, header::reason);
    const auto dead_at = time_of(value_of(headers, header::dead_at));
    letter.dead_at = dead_at ? *dead_at : time_of(stored.time).value_or(Time{});
    letter.attempts = value_of(headers, header::attempts);
    letter.worker = value_of(headers, header::worker);
    letter.stream = value_of(headers, header::stream);
    letter.stream_sequence = value_of(headers, header::stream_sequence);
    letter.content_sha256 = digest_of(value_of(headers, header::content_sha256));
    letter.outbox_id = value_of(headers, outbox_id_header);
    letter.headers = headers;
    letter.payload = stored.message.payload;
    return letter;
}

nats::Headers replay_headers(const DeadLetter& letter) {
    nats::Headers kept;
    for (const auto& line : letter.headers) {
        const bool of_letter =
            std::find(std::begin(letter_lines), std::end(letter_lines), line.first) !=
            std::end(letter_lines);
        if (!of_letter && !line.first.starts_with("Nats-")) {
            kept.push_back(line);
        }
    }
    runtime::set_identity(
        kept, letter.event_id, letter.generation + 1, letter.published_at.value_or(letter.dead_at)
    );
    return kept;
}

boost::json::object summary(const DeadLetter& letter) {
    boost::json::object row = {{"seq", letter.sequence}, {"dead_at", format_time(letter.dead_at)}};
    set_bytes(row, "subject", letter.subject);
    set_bytes(row, "event_id", letter.event_id);
    set_bytes(row, "attempts", letter.attempts);
    set_bytes(row, "reason", letter.reason);
    return row;
}

boost::json::object details(const DeadLetter& letter) {
    boost::json::object record = summary(letter);
    record["generation"] = letter.generation;
    set_bytes(record, "worker", letter.worker);
    set_bytes(record, "stream", letter.stream);
    set_bytes(record, "stream_seq", letter.stream_sequence);
    if (letter.published_at) {
        record["published_at"] = format_time(*letter.published_at);
    }
    boost::json::array headers;
    for (const auto& [name, value] : letter.headers) {
        boost::json::object line = {{"name", name}};
        set_bytes(line, "value", value);
        headers.push_back(std::move(line));
    }
    record["headers"] = std::move(headers);
    set_bytes(record, "payload", letter.payload);
    return record;
}

bool DeadLetterFilter::matches(const DeadLetter& letter) const {
    if (!subject.empty() && !nats::subject_covers(subject, letter.subject)) {
        return false;
    }
    if (!reason.empty() && lower(letter.reason).find(lower(reason)) == std::string::npos) {
        return false;
    }
    return (!since || letter.dead_at >= *since) && (!until || letter.dead_at < *until);
}

}  // namespace chatear::admin
