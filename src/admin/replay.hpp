#pragma once

#include "admin/dead_letter_stream.hpp"
#include "admin/replay_store.hpp"
#include "admin/tool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <string>

namespace chatear::admin {

/// What became of one dead letter, for people and programs.
struct ReplayReport {
    boost::json::object row;  ///< seq, event_id, outcome, and why.
    bool done = false;  ///< The letter is no longer there: replayed, now or before, or needless.
};

/// Replays one dead letter by the ledger's rules and removes it from the stream. Killed in between,
/// it may be run again: then it finds the event replayed and only removes the letter.
asio::awaitable<ReplayReport> replay_letter(
    postgres::Pool* pool, DeadLetterStream* stream, DeadLetter letter
);

}  // namespace chatear::admin
