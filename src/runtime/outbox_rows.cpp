#include "runtime/outbox_rows.hpp"

#include "base/assert.hpp"
#include "base/json.hpp"
#include "postgres/storable_text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace chatear::runtime {

std::string_view outbox_word(OutboxKind kind) {
    switch (kind) {
        case OutboxKind::event:
            return "event";
        case OutboxKind::dead_letter:
            return "dead_letter";
        case OutboxKind::domain_event:
            return "domain_event";
    }
    CHATEAR_ASSERT(false && "a kind of outbox row");
    return {};
}

std::optional<OutboxKind> outbox_kind(const std::optional<std::string>& word) {
    for (const OutboxKind kind :
         {OutboxKind::event, OutboxKind::dead_letter, OutboxKind::domain_event}) {
        if (word == outbox_word(kind)) {
            return kind;
        }
    }
    return std::nullopt;
}

std::string headers_to_json(const Headers& headers) {
    boost::json::array pairs;
    for (const auto& [name, value] : headers) {
        boost::json::array pair;
        pair.emplace_back(postgres::storable_text(name));
        pair.emplace_back(postgres::storable_text(value));
        pairs.emplace_back(std::move(pair));
    }
    return boost::json::serialize(pairs);
}

Result<Headers> headers_from_json(std::string_view json) {
    const Result<boost::json::value> parsed = parse_json(json);
    if (!parsed) {
        return parsed.error();
    }
    const Error malformed{"headers are not [[\"Name\", \"value\"], ...]"};
    if (!parsed->is_array()) {
        return malformed;
    }
    Headers headers;
    for (const boost::json::value& pair : parsed->get_array()) {
        const boost::json::array* both = pair.if_array();
        if (both == nullptr || both->size() != 2 || !both->at(0).is_string() ||
            !both->at(1).is_string()) {
            return malformed;
        }
        headers.emplace_back(both->at(0).get_string(), both->at(1).get_string());
    }
    return headers;
}

std::string outbox_rows_select(std::size_t first) {
    return fmt::format(
        R"(SELECT owner, kind, subject, payload, headers,
                  coalesce(due_at, now() + due_after_ms * interval '1 millisecond') AS due_at,
                  origin_subject, event_id, generation
           FROM unnest(${}::int[], ${}::text[], ${}::text[], ${}::bytea[], ${}::jsonb[], ${}::timestamptz[],
                       ${}::bigint[], ${}::text[], ${}::text[], ${}::int[])
                WITH ORDINALITY AS p (owner, kind, subject, payload, headers, due_at, due_after_ms,
                                      origin_subject, event_id, generation, place)
           ORDER BY place)",
        first,
        first + 1,
        first + 2,
        first + 3,
        first + 4,
        first + 5,
        first + 6,
        first + 7,
        first + 8,
        first + 9
    );
}

void add_outbox_params(postgres::Params& params, OwnedRows rows) {
    std::stable_sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
        const auto key = [](const OutboxRow& row) {
            return std::tie(row.origin_subject, row.event_id, row.kind, row.generation);
        };
        return key(*left.second) < key(*right.second);
    });
    std::vector<std::int64_t> owners, due_after, generations;
    std::vector<std::string> kinds, subjects, payloads, headers;
    std::vector<std::optional<Time>> due_at;
    std::vector<std::optional<std::string>> origins, event_ids;
    for (const auto& [owner, row] : rows) {
        const bool has_origin = !row->origin_subject.empty();
        owners.push_back(static_cast<std::int64_t>(owner));
        kinds.emplace_back(outbox_word(row->kind));
        subjects.push_back(row->subject);
        payloads.push_back(row->payload);
        headers.push_back(headers_to_json(row->headers));
        due_at.push_back(row->due_at);
        due_after.push_back(row->due_after.count());
        origins.push_back(has_origin ? std::optional(row->origin_subject) : std::nullopt);
        event_ids.push_back(has_origin ? std::optional(row->event_id) : std::nullopt);
        generations.push_back(row->generation);
    }
    params.integers(owners).texts(kinds).texts(subjects).byte_strings(payloads).texts(headers);
    params.optional_times(due_at).integers(due_after).optional_texts(origins).optional_texts(
        event_ids
    );
    params.integers(generations);
}

}  // namespace chatear::runtime
