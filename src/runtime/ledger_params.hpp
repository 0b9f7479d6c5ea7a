#pragma once

#include "base/assert.hpp"
#include "postgres/params.hpp"
#include "postgres/storable_text.hpp"
#include "runtime/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// What the statements of a ledger are given: one array for each column. Private to
/// PostgresLedger's own files.
namespace chatear::runtime {

inline constexpr auto ledger_key = [](const auto& request) {
    return std::tie(request.subject, request.event_id);
};

struct Divided {
    std::vector<std::size_t> chosen;
    std::vector<std::size_t> others;
};

// Those of the places for which `chosen` says yes, and the others, each in their order.
template <typename Chosen>
inline Divided divide(const std::vector<std::size_t>& places, const Chosen& chosen) {
    Divided parts;
    for (const std::size_t place : places) {
        (chosen(place) ? parts.chosen : parts.others).push_back(place);
    }
    return parts;
}

// One array for each column: what each request says of it, or NULL where it says nothing.
template <typename Request>
inline void add_details(
    postgres::Params& params,
    const std::vector<LedgerColumn>& columns,
    const std::vector<Request>& requests,
    const std::vector<std::size_t>& places
) {
    for (std::size_t column = 0; column < columns.size(); ++column) {
        std::vector<std::optional<std::string>> values;
        for (const std::size_t place : places) {
            const auto& details = requests[place].details;
            CHATEAR_ASSERT(details.empty() || details.size() == columns.size());
            const bool given = !details.empty() && details[column].has_value();
            values.push_back(
                given ? std::optional(postgres::storable_text(*details[column])) : std::nullopt
            );
        }
        params.optional_texts(values);
    }
}

// The four arrays that name claims.
template <typename Request>
inline void add_claims(
    postgres::Params& params,
    const std::vector<Request>& requests,
    const std::vector<std::size_t>& places
) {
    std::vector<std::string> subjects, event_ids;
    std::vector<std::int64_t> generations, claim_nos;
    for (const std::size_t place : places) {
        subjects.push_back(requests[place].subject);
        event_ids.push_back(requests[place].event_id);
        generations.push_back(requests[place].generation);
        claim_nos.push_back(static_cast<std::int64_t>(requests[place].claim_no));
    }
    params.texts(subjects).texts(event_ids).integers(generations).integers(claim_nos);
}

}  // namespace chatear::runtime
