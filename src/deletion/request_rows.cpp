#include "deletion/request_rows.hpp"

#include "deletion/notices.hpp"

#include <utility>

namespace chatear::deletion {

void RequestRows::add(
    const Request& request, const RequestDecision& decision, const RequestFacts& facts
) {
    std::optional<std::string> deletion_id;
    if (decision.create) {
        created_.push_back(&*decision.create);
        deletion_id = decision.create->id;
        notices_.add(0, *deletion_id, finish_notices(decision.notices, *deletion_id, facts.user));
    } else if (decision.change) {
        changes_.push_back(&*decision.change);
        deletion_id = decision.change->before.id;
        notices_.add(
            changes_.size(),
            *deletion_id,
            finish_notices(decision.change->notices, *deletion_id, facts.user)
        );
        if (!request.token_sha256.empty()) {
            used_tokens_.push_back(request.token_sha256);
        }
    }
    event_ids_.push_back(request.event_id);
    user_ids_.push_back(decision.user_id);
    kinds_.emplace_back(to_text(request.kind));
    generations_.push_back(request.generation);
    published_.push_back(request.published_at);
    outcomes_.emplace_back(to_text(*decision.outcome));
    deletion_ids_.push_back(std::move(deletion_id));
}

postgres::Params RequestRows::params(Time now) const {
    postgres::Params all;
    add_changes(all, changes_);
    add_created(all);
    all.texts(event_ids_).texts(user_ids_).texts(kinds_).integers(generations_);
    all.optional_times(published_).texts(outcomes_).optional_texts(deletion_ids_);
    all.time(now).byte_strings(used_tokens_);
    notices_.add_to(all);
    return all;
}

bool RequestRows::written(const postgres::Rows& rows) const {
    const auto count = [&](std::string_view name) {
        return static_cast<std::size_t>(rows.integer(0, name));
    };
    return count("changed") == changes_.size() && count("created") == created_.size() &&
           count("entered") == event_ids_.size();
}

void RequestRows::add_created(postgres::Params& params) const {
    std::vector<std::string> ids, users, statuses;
    std::vector<Time> requested;
    std::vector<std::optional<Time>> next_mails;
    std::vector<std::optional<std::string>> reasons, held_from;
    std::vector<std::int64_t> times_held;
    for (const Deletion* deletion : created_) {
        ids.push_back(deletion->id);
        users.push_back(deletion->user_id);
        statuses.emplace_back(to_text(deletion->status));
        requested.push_back(deletion->requested_at);
        next_mails.push_back(deletion->next_mail_at);
        times_held.push_back(deletion->times_held);
        const bool held = deletion->held_from.has_value();
        reasons.push_back(held ? std::optional(deletion->held_reason) : std::nullopt);
        held_from.push_back(
            held ? std::optional<std::string>(to_text(*deletion->held_from)) : std::nullopt
        );
    }
    params.texts(ids).texts(users).texts(statuses).times(requested).optional_times(next_mails);
    params.optional_texts(reasons).optional_texts(held_from).integers(times_held);
}

}  // namespace chatear::deletion
