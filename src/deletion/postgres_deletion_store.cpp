#include "deletion/postgres_deletion_store.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "deletion/request_rows.hpp"

#include <algorithm>
#include <utility>

/// Intake: what enter() does.
namespace chatear::deletion {
namespace {

// Taken in the order of the keys, so that two batches cannot wait for each other.
const std::string lock_users = R"(
SELECT count(pg_advisory_xact_lock(key))
FROM (SELECT DISTINCT hashtextextended('user_deletions ' || u, 0) AS key FROM unnest($1::text[]) AS u ORDER BY key) keys)";

RequestFacts read_facts(const postgres::Rows& rows, std::size_t row) {
    RequestFacts facts;
    const auto outcome = rows.optional_text(row, "entered_outcome");
    if (outcome) {
        const std::optional<RequestOutcome> known = parse_outcome(*outcome);
        CHATEAR_ASSERT(known);
        const auto generation = static_cast<std::uint32_t>(rows.integer(row, "entered_generation"));
        facts.entered = RequestFacts::Entered{*known, generation};
    }
    facts.user = read_user(rows, row);
    facts.open = read_deletion(rows, row, "open_");
    facts.of_token = read_deletion(rows, row, "token_");
    facts.last_executed = read_deletion(rows, row, "executed_");
    facts.last_recovery_published = rows.optional_time(row, "recovery_published");
    facts.last_recovery_received = rows.optional_time(row, "recovery_received");
    return facts;
}

}  // namespace

/// A batch of requests on its way through one transaction.
struct PostgresDeletionStore::Entering {
    const Known& known;
    const std::vector<Request>& requests;
    const std::optional<ClockOffset>& offset;
    std::vector<std::string> user_ids;  // Canonical where the text can be an id at all.
    std::vector<std::optional<std::string>> token_deletions;
    std::vector<RequestReply> replies;
    std::vector<AuditEntry> audit{};

    Entering(
        const Known& of,
        const std::vector<Request>& asked,
        const std::optional<ClockOffset>& measured
    )
        : known(of),
          requests(asked),
          offset(measured),
          user_ids(asked.size()),
          token_deletions(asked.size()),
          replies(asked.size()) {}

    /// Places in rounds that name a user, and an event, once at most: what one request leads to is
    /// read by the round after it.
    std::vector<std::vector<std::size_t>> rounds() const {
        std::map<std::string, std::size_t> next_of;
        std::vector<std::vector<std::size_t>> all;
        for (std::size_t place = 0; place < requests.size(); ++place) {
            std::size_t& of_user = next_of["user " + user_ids[place]];
            std::size_t& of_event = next_of["event " + requests[place].event_id];
            const std::size_t round = std::max(of_user, of_event);
            of_user = of_event = round + 1;
            if (all.size() <= round) {
                all.resize(round + 1);
            }
            all[round].push_back(place);
        }
        return all;
    }

    postgres::Params facts_params(const std::vector<std::size_t>& places) const {
        std::vector<std::string> event_ids, texts, kinds;
        std::vector<std::optional<std::string>> users, deletion_users, tokens;
        for (const std::size_t place : places) {
            event_ids.push_back(requests[place].event_id);
            texts.push_back(user_ids[place]);
            kinds.emplace_back(to_text(requests[place].kind));
            users.push_back(known.shapes.user_id.canonical(user_ids[place]));
            deletion_users.push_back(known.shapes.deletion_user_id.canonical(user_ids[place]));
            tokens.push_back(token_deletions[place]);
        }
        postgres::Params params;
        params.texts(event_ids).optional_texts(users).optional_texts(deletion_users);
        params.optional_texts(tokens).texts(texts).texts(kinds);
        return params;
    }
};

namespace {

RequestReply reply_of(
    const RequestDecision& decision,
    const RequestFacts& facts,
    const postgres::Rows& rows,
    std::size_t row
) {
    RequestReply reply;
    reply.reason = decision.reason;
    reply.locale = facts.user ? facts.user->locale : "";
    if (!decision.outcome) {
        reply.entered_before = true;
        reply.outcome = facts.entered->outcome;
        reply.deletion_id = rows.optional_text(row, "entered_deletion_id").value_or("");
        return reply;
    }
    reply.outcome = *decision.outcome;
    if (decision.create) {
        reply.deletion_id = decision.create->id;
    } else if (decision.change) {
        reply.deletion_id = decision.change->before.id;
    }
    return reply;
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

/// Whose deletion each request is about. A token's user never changes, so no lock is needed yet.
asio::awaitable<void> PostgresDeletionStore::resolve(
    StoreTransaction& transaction, Entering& batch
) {
    std::vector<std::string> tokens;
    std::vector<std::size_t> places;
    for (std::size_t place = 0; place < batch.requests.size(); ++place) {
        const Request& request = batch.requests[place];
        batch.user_ids[place] =
            batch.known.shapes.user_id.canonical(request.user_id).value_or(request.user_id);
        if (!request.token_sha256.empty()) {
            tokens.push_back(request.token_sha256);
            places.push_back(place);
        }
    }
    if (tokens.empty()) {
        co_return;
    }
    postgres::Params params;
    params.byte_strings(tokens);
    const postgres::Rows rows =
        co_await transaction.run(batch.known.sql.find_tokens, std::move(params));
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const std::size_t place =
            places.at(static_cast<std::size_t>(rows.integer(row, "place")) - 1);
        batch.token_deletions[place] = rows.text(row, "deletion_id");
        batch.user_ids[place] = rows.optional_text(row, "user_id").value_or("");
    }
}

/// What one row's lock keeps is its request's own: the batch waits for it only briefly.
asio::awaitable<void> PostgresDeletionStore::enter_rounds(
    StoreTransaction& transaction, Entering& batch
) {
    co_await transaction.wait_briefly();
    const std::vector<std::vector<std::size_t>> rounds = batch.rounds();
    for (const std::vector<std::size_t>& places : rounds) {
        co_await enter_round(transaction, batch, places);
    }
    co_await transaction.wait_as_usual();
}

asio::awaitable<void> PostgresDeletionStore::enter_round(
    StoreTransaction& transaction, Entering& batch, const std::vector<std::size_t>& places
) {
    postgres::Params asked = batch.facts_params(places);
    const postgres::Rows rows = co_await transaction.run(batch.known.sql.facts, std::move(asked));
    CHATEAR_ASSERT(rows.size() == places.size());
    const Time now = rows.time(0, "now");
    std::vector<RequestDecision> decisions(places.size());
    RequestRows writer;
    for (std::size_t row = 0; row < places.size(); ++row) {
        const Request& request = batch.requests[places[row]];
        const RequestFacts facts = read_facts(rows, row);
        RequestDecision& decision = decisions[row];
        decision = decide_request(request, facts, batch.offset, now);
        if (decision.create) {
            name_deletion(decision, std::string(rows.text(row, "fresh_id")));
        }
        batch.replies[places[row]] = reply_of(decision, facts, rows, row);
        if (decision.outcome) {
            writer.add(request, decision, facts);
            append(batch.audit, decision.audit);
            append(
                batch.audit, decision.change ? decision.change->audit : std::vector<AuditEntry>()
            );
        }
    }
    if (writer.empty()) {
        co_return;
    }
    postgres::Params params = writer.params(now);
    const postgres::Rows written =
        co_await transaction.run(batch.known.sql.enter, std::move(params));
    if (!writer.written(written)) {
        throw RepeatTransaction{};  // The scheduler, or somebody else, was faster.
    }
}

/// Whoever has the audit log for so long is an outage for all: to do all of the batch again would
/// only keep its users' locks.
asio::awaitable<void> PostgresDeletionStore::finish_entering(
    StoreTransaction& transaction, Entering& batch
) {
    try {
        co_await finish(transaction, batch.known, batch.audit);
    } catch (const RepeatTransaction& repeat) {
        if (!repeat.waited_for_a_lock) {
            throw;
        }
        throw Unavailable("postgres", pool_.where(), "others have the audit log's lock");
    }
}

asio::awaitable<std::vector<RequestReply>> PostgresDeletionStore::enter(
    std::vector<Request> requests, std::optional<ClockOffset> offset
) {
    const std::shared_ptr<const Known> tables = co_await known();
    bool blocked = false;
    const std::function<asio::awaitable<std::vector<RequestReply>>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<std::vector<RequestReply>> {
        Entering batch(*tables, requests, offset);
        co_await resolve(transaction, batch);
        postgres::Params users;
        users.texts(batch.user_ids);
        (void)co_await transaction.run(lock_users, std::move(users));
        blocked = false;
        try {
            co_await enter_rounds(transaction, batch);
        } catch (const RepeatTransaction& repeat) {
            if (!repeat.waited_for_a_lock) {
                throw;
            }
            blocked = true;
        }
        if (!blocked) {
            co_await finish_entering(transaction, batch);
        }
        co_return std::move(batch.replies);
    };
    std::vector<RequestReply> replies = co_await in_transaction(pool_, work);
    if (blocked) {
        throw RequestBlocked("another transaction has rows that a request of this batch needs");
    }
    co_return replies;
}

}  // namespace chatear::deletion
