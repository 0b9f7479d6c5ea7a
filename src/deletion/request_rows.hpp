#pragma once

#include "deletion/deletion_rows.hpp"
#include "deletion/intake.hpp"
#include "postgres/params.hpp"
#include "postgres/rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatear::deletion {

/// What one round of requests writes, gathered for the statement DeletionSql::enter. The decisions
/// must outlive it.
class RequestRows {
public:
    /// Requires a decision with an outcome.
    void add(const Request& request, const RequestDecision& decision, const RequestFacts& facts);

    bool empty() const { return event_ids_.empty(); }
    postgres::Params params(Time now) const;

    /// Whether all of it happened, by what the statement returned.
    bool written(const postgres::Rows& rows) const;

private:
    void add_created(postgres::Params& params) const;

    std::vector<const Change*> changes_;
    std::vector<const Deletion*> created_;
    NoticeRows notices_;
    std::vector<std::string> used_tokens_, event_ids_, user_ids_, kinds_, outcomes_;
    std::vector<std::int64_t> generations_;
    std::vector<std::optional<Time>> published_;
    std::vector<std::optional<std::string>> deletion_ids_;
};

}  // namespace chatear::deletion
