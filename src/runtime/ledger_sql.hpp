#pragma once

#include "runtime/ledger.hpp"

#include <cstddef>
#include <string>

namespace chatear::runtime {

/// The statements of one ledger: the table is their parameter, everything else is the same.
struct LedgerSql {
    explicit LedgerSql(const LedgerTable& table);

    /// What `claim` is given. Makes the rows of those that have none and are not too old, touches
    /// no other, returns nothing: how many were made tells whether that was all. If not, `claim`
    /// answers for all of them.
    std::string claim_new;

    /// $1 our instance, $2 retention in ms; arrays in key order: $3 subjects, $4 event ids,
    /// $5 generations, $6 claim numbers, $7 digests, $8 published_at, $9... one for each claim
    /// column. A row for each request but those too old: its key and what it holds now.
    std::string claim;

    /// $1 our instance; arrays in key order: $2 subjects, $3 event ids, $4 claim numbers, $5
    /// attempts to add, $6... one for each verdict column. Writes `done` where the claim is ours
    /// and the outbox has nothing of the event; how many tells whether that was all. If not,
    /// `record` answers for all of them.
    std::string record_done;

    /// $1 our instance; arrays in key order: $2 subjects, $3 event ids, $4 generations, $5 claim
    /// numbers, $6 status words, $7 attempts to add, $8 reasons, $9 whether details follow, $10...
    /// one for each verdict column; then the outbox rows, owned by places from 1. A row for each
    /// request with a ledger row: its place, whether it stands, and whether it is a `done` that
    /// overtook another verdict.
    std::string record;

    /// $1 our instance; arrays: $2 subjects, $3 event ids, $4 generations, $5 claim numbers. The
    /// places of those that are still ours.
    std::string begin_content;

    /// $1 a dead instance; arrays: $2 subjects, $3 event ids, $4 generations, $5 claim numbers of
    /// its contents. Says of its other claims that their content has not begun.
    std::string not_begun;

    /// Arrays in key order: $1 subjects, $2 event ids, $3 words, $4 recipients. The places of those
    /// that somebody will still work on, which are marked.
    std::string accepted;

    /// $1 age in ms, $2 most.
    std::string remove_final_rows;
};

/// The word that `table` has for a status.
std::string ledger_word(const LedgerTable& table, LedgerStatus status);

}  // namespace chatear::runtime
