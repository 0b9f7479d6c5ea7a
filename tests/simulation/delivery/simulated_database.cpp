#include "simulated_database.hpp"

#include "support/claim_answer.hpp"

#include <fmt/format.h>

namespace chatear::simulation {

using runtime::ClaimReply;
using runtime::ClaimRequest;
using runtime::LedgerStatus;
using runtime::OutboxRow;
using runtime::TakenRow;
using runtime::VerdictRequest;

namespace {

const char* word_of(LedgerStatus status) {
    static constexpr const char* words[] = {
        "sending", "sent", "retrying", "deferred", "failed", "ambiguous"};
    return words[static_cast<int>(status)];
}

}  // namespace

void SimulatedDatabase::renew(const std::string& instance) {
    tables.workers.renew(instance, now());
    history_.renewed(instance);
}

std::vector<ClaimReply> SimulatedDatabase::claim(
    const std::vector<ClaimRequest>& requests, const std::string& instance
) {
    std::vector<ClaimReply> replies;
    for (const ClaimRequest& request : requests) {
        replies.push_back(tables.ledger.claim(request, instance, tables.workers, now()));
        timeline_.tell(
            instance,
            fmt::format(
                "claims {}/{} as no. {}: {}, {} attempts, {} takeovers",
                request.event_id,
                request.generation,
                request.claim_no,
                runtime::word(replies.back().answer),
                replies.back().attempts,
                replies.back().takeovers
            )
        );
    }
    return replies;
}

std::vector<bool> SimulatedDatabase::record(
    const std::vector<VerdictRequest>& requests, const std::string& instance
) {
    std::vector<bool> stand;
    for (const VerdictRequest& request : requests) {
        const bool stands = tables.ledger.record(request, instance, tables.outbox, now());
        stand.push_back(stands);
        timeline_.tell(
            instance,
            fmt::format(
                "verdict on {}/{} no. {}: {} ({}){}",
                request.event_id,
                request.generation,
                request.claim_no,
                word_of(request.status),
                request.reason,
                stands ? "" : ", dropped"
            )
        );
        const bool given_up =
            request.status == LedgerStatus::failed || request.status == LedgerStatus::ambiguous;
        history_.event(request.event_id).given_up += stands && given_up ? 1 : 0;
        const bool done = stands && request.status == LedgerStatus::done;
        history_.verdict_answered(request.event_id, instance, done);
        if (stands && !request.publish.empty()) {
            on_outbox();
        }
    }
    return stand;
}

void SimulatedDatabase::speak_for(const runtime::FlightLog& dead) {
    for (const runtime::Flight& flight : dead.flights) {
        const auto* row = tables.ledger.find(flight.subject, flight.event_id);
        const bool nobody_else = row != nullptr && (row->status != LedgerStatus::working ||
                                                    row->claimed_by == dead.instance);
        timeline_.tell(
            dead.instance,
            fmt::format(
                "had content of {} under way when it died, {}",
                flight.event_id,
                flight.accepted ? "accepted" : "unanswered"
            )
        );
        if (flight.accepted && nobody_else) {
            history_.told_of_acceptance(flight.event_id, dead.instance);
        }
    }
    tables.ledger.speak_for(dead, tables.outbox, now());
}

std::vector<TakenRow> SimulatedDatabase::take(
    std::size_t most, milliseconds lease, const std::vector<std::string>& skip
) {
    return tables.outbox.take(most, lease, skip, now());
}

void SimulatedDatabase::forget_suspects() {
    std::erase_if(tables.suspects.rows, [&](const auto& suspect) {
        const auto* row = tables.ledger.find(suspect.first.first, suspect.first.second);
        return row == nullptr || row->status != LedgerStatus::working;
    });
}

bool SimulatedDatabase::refuse(
    const std::string& id, const std::string& reason, const std::optional<OutboxRow>& dead_letter
) {
    const std::optional<TakenRow> refused = tables.outbox.refuse(id, reason, dead_letter, now());
    if (refused) {
        tables.ledger.fail_refused(*refused, reason, now());
        on_outbox();
    }
    return true;
}

asio::awaitable<std::vector<ClaimReply>> SimulatedLedger::claim(std::vector<ClaimRequest> requests
) {
    return link_.run<std::vector<ClaimReply>>(
        [requests = std::move(requests), instance = link_.instance()](SimulatedDatabase& database) {
            return database.claim(requests, instance);
        }
    );
}

asio::awaitable<std::vector<bool>> SimulatedLedger::record(std::vector<VerdictRequest> requests) {
    return link_.run<std::vector<bool>>([requests = std::move(requests),
                                         instance = link_.instance()](SimulatedDatabase& database) {
        return database.record(requests, instance);
    });
}

asio::awaitable<std::vector<bool>> SimulatedLedger::begin_content(
    std::vector<ContentRequest> requests
) {
    return link_.run<std::vector<bool>>([requests = std::move(requests),
                                         instance = link_.instance()](SimulatedDatabase& database) {
        std::vector<bool> ours;
        for (const ContentRequest& request : requests) {
            ours.push_back(database.tables.ledger.begin_content(request, instance, database.now()));
        }
        return ours;
    });
}

asio::awaitable<void> SimulatedLedger::speak_for(runtime::FlightLog dead) {
    std::function<bool(SimulatedDatabase&)> statement =
        [dead = std::move(dead)](SimulatedDatabase& database) {
            database.speak_for(dead);
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<std::size_t> SimulatedLedger::remove_final_rows(
    std::chrono::milliseconds age, std::size_t most
) {
    return link_.run<std::size_t>([age, most](SimulatedDatabase& database) {
        return database.tables.ledger.remove_final_rows(age, most, database.now());
    });
}

asio::awaitable<void> SimulatedOutbox::add(std::vector<OutboxRow> rows) {
    std::function<bool(SimulatedDatabase&)> statement =
        [rows = std::move(rows)](SimulatedDatabase& database) {
            for (const OutboxRow& row : rows) {
                database.tables.outbox.insert(row, database.now());
            }
            database.on_outbox();
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<std::vector<TakenRow>> SimulatedOutbox::take(
    std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> subjects_to_skip
) {
    return link_.run<std::vector<TakenRow>>([most, lease, skip = std::move(subjects_to_skip)](
                                                SimulatedDatabase& database
                                            ) { return database.take(most, lease, skip); });
}

asio::awaitable<void> SimulatedOutbox::remove(std::vector<std::string> ids) {
    std::function<bool(SimulatedDatabase&)> statement =
        [ids = std::move(ids)](SimulatedDatabase& database) {
            for (const std::string& id : ids) {
                database.tables.outbox.rows.erase(id);
            }
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<void> SimulatedOutbox::put_back(
    std::vector<std::string> ids, std::chrono::milliseconds after
) {
    std::function<bool(SimulatedDatabase&)> statement = [ids = std::move(ids),
                                                         after](SimulatedDatabase& database) {
        for (const std::string& id : ids) {
            database.tables.outbox.put_back(id, after, database.now());
        }
        return true;
    };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<void> SimulatedOutbox::refuse(
    std::string id, std::string reason, std::optional<OutboxRow> dead_letter
) {
    std::function<bool(SimulatedDatabase&)> statement =
        [id = std::move(id), reason = std::move(reason), dead = std::move(dead_letter)](
            SimulatedDatabase& database
        ) { return database.refuse(id, reason, dead); };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<std::optional<std::chrono::milliseconds>> SimulatedOutbox::until_next_due() {
    return link_.run<std::optional<std::chrono::milliseconds>>([](SimulatedDatabase& database) {
        return database.tables.outbox.until_next_due(database.now());
    });
}

asio::awaitable<void> SimulatedRegistry::renew() {
    std::function<bool(SimulatedDatabase&)> statement =
        [instance = link_.instance()](SimulatedDatabase& database) {
            database.renew(instance);
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<void> SimulatedRegistry::release() {
    std::function<bool(SimulatedDatabase&)> statement =
        [instance = link_.instance()](SimulatedDatabase& database) {
            database.tables.workers.release(instance, database.now());
            database.tables.suspects.clear_all_of(instance);
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<void> SimulatedRegistry::declare_dead(std::vector<std::string> instances) {
    std::function<bool(SimulatedDatabase&)> statement =
        [instances = std::move(instances)](SimulatedDatabase& database) {
            database.tables.workers.declare_dead(instances);
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<void> SimulatedRegistry::remove_old() {
    std::function<bool(SimulatedDatabase&)> statement = [](SimulatedDatabase& database) {
        database.forget_suspects();
        return true;
    };
    (void)co_await link_.run<bool>(std::move(statement));
}

asio::awaitable<std::uint32_t> SimulatedSuspects::begin(std::string subject, std::string event_id) {
    return link_.run<std::uint32_t>([subject = std::move(subject),
                                     event_id = std::move(event_id),
                                     instance = link_.instance()](SimulatedDatabase& database) {
        return database.tables.suspects.begin(subject, event_id, instance);
    });
}

asio::awaitable<void> SimulatedSuspects::clear(std::string subject, std::string event_id) {
    std::function<bool(SimulatedDatabase&)> statement =
        [subject = std::move(subject),
         event_id = std::move(event_id),
         instance = link_.instance()](SimulatedDatabase& database) {
            database.tables.suspects.clear(subject, event_id, instance);
            return true;
        };
    (void)co_await link_.run<bool>(std::move(statement));
}

}  // namespace chatear::simulation
