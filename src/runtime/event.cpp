#include "runtime/event.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace chatear::runtime {
namespace {

/// Whether it may stand in a header, a primary key and a log line.
bool is_event_id(std::string_view id) {
    return !id.empty() && id.size() <= max_event_id_bytes &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// A stream that is deleted and made again counts from 1 again: the store time tells them apart.
std::string id_by_place(const StoredMessage& message) {
    return fmt::format("{}:{}:{}", message.stream, message.stream_sequence, message.stored_at_ns);
}

struct Candidate {
    std::string_view where;
    std::optional<std::string> id;
};

std::optional<std::string> as_string(std::optional<std::string_view> text) {
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

void take_id(Identified& identified, const std::optional<std::string>& id_in_body) {
    Event& event = identified.event;
    const Headers& headers = event.message.headers;
    const Candidate candidates[] = {
        {header::event_id, as_string(find_header(headers, header::event_id))},
        {"event_id", id_in_body},
        {"Nats-Msg-Id", as_string(find_header(headers, "Nats-Msg-Id"))}};
    event.event_id = id_by_place(event.message);
    for (const Candidate& candidate : candidates) {
        if (!candidate.id || candidate.id->empty()) {
            continue;  // Some producers write every field, also what they do not have.
        }
        if (is_event_id(*candidate.id)) {
            event.event_id = *candidate.id;
        } else {
            identified.problem = Error{fmt::format(
                "{} is no event id: 1 to {} printable ASCII characters without spaces",
                candidate.where,
                max_event_id_bytes
            )};
        }
        return;
    }
}

void take_generation(Identified& identified) {
    const auto text = find_header(identified.event.message.headers, header::generation);
    if (!text) {
        return;
    }
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size() || value > 1'000'000'000) {
        identified.problem = Error{fmt::format("{} is no whole number", header::generation)};
        return;
    }
    identified.event.generation = value;
}

void take_published_at(Identified& identified) {
    Event& event = identified.event;
    event.published_at = Time(std::chrono::microseconds(event.message.stored_at_ns / 1000));
    const auto text = find_header(event.message.headers, header::published_at);
    if (!text) {
        return;
    }
    const auto time = parse_time(*text);
    if (time) {
        event.published_at = *time;
    } else {
        identified.problem =
            Error{fmt::format("{}: {}", header::published_at, time.error().message)};
    }
}

}  // namespace

Identified identify(
    StoredMessage message, std::optional<std::string> id_in_body, std::string content_sha256
) {
    Identified identified;
    identified.event.message = std::move(message);
    identified.event.content_sha256 = std::move(content_sha256);
    take_id(identified, id_in_body);
    take_generation(identified);
    take_published_at(identified);
    return identified;
}

std::string conflict_id(std::string_view event_id, std::string_view content_sha256) {
    return fmt::format("{}.{}", event_id, to_hex(content_sha256).substr(0, 32));
}

}  // namespace chatear::runtime
