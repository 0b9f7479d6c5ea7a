#pragma once

#include "base/result.hpp"
#include "postgres/params.hpp"
#include "runtime/outbox.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::runtime {

/// The word for it in the table.
std::string_view outbox_word(OutboxKind kind);

/// Nothing for a producer's row, whose kind is NULL.
std::optional<OutboxKind> outbox_kind(const std::optional<std::string>& word);

/// `[["Name","value"],...]`. Bytes that are no UTF-8, which jsonb refuses, become U+FFFD.
std::string headers_to_json(const Headers& headers);

/// An Error where a row was not written by us or by chatear_publish.
Result<Headers> headers_from_json(std::string_view json);

/// Rows to insert, each with the number of the request that it belongs to.
using OwnedRows = std::vector<std::pair<std::size_t, const OutboxRow*>>;

/// A select over the arrays that add_outbox_params adds, with `first` the number of the first of
/// them: the columns owner (integer), kind, subject, payload, headers, due_at, origin_subject,
/// event_id and generation, in the order of the table's unique key.
std::string outbox_rows_select(std::size_t first);
void add_outbox_params(postgres::Params& params, OwnedRows rows);

/// The columns of outbox_rows_select, without owner, for INSERT.
inline constexpr std::string_view outbox_columns =
    "kind, subject, payload, headers, due_at, origin_subject, event_id, generation";

}  // namespace chatear::runtime
