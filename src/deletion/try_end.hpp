#pragma once

#include "deletion/life.hpp"
#include "notification/settings.hpp"
#include "runtime/ledger.hpp"
#include "smtp/send_result.hpp"

#include <string>
#include <string_view>

/// What an answer of the relay means for a recovery mail's deletion, its slot and its ledger row
/// (rules 4, 6, 7): pure decisions.
namespace chatear::deletion {

/// What becomes of a try's slot (rule 6).
enum class SlotUse {
    kept,    ///< Accepted, or nobody knows.
    passed,  ///< Refused: the next try of that day has it.
    freed,   ///< Nothing was judged: the try did not happen.
};

/// How a try ended, in all the forms that it is written in.
struct TryEnd {
    MailResult result;
    SlotUse slot = SlotUse::kept;
    runtime::LedgerStatus status = runtime::LedgerStatus::done;
    bool possible_duplicate = false;  ///< A second copy may come to exist.
    bool outage = false;              ///< The next mail would fare alike: wait a little.
    std::string reason{};             ///< For the ledger; "" when accepted.
};

// How the ledger's words begin: by them a process knows what another one that died had learnt.
inline constexpr std::string_view nobody_there = "there is nobody at this address: ";  ///< Rule 7.
inline constexpr std::string_view wanted_later = "the mail server wants it later: ";
inline constexpr std::string_view broken_off = "the connection broke within the content: ";
inline constexpr std::string_view no_answer = "the content was sent and no answer came: ";

/// Whether the try with these words may have been accepted: its slot stays its own (rule 6).
bool is_in_doubt(std::string_view words);
/// Whether the try with these words failed in a way that the next one need not.
bool is_passing(std::string_view words);

/// What the relay's answer means. `last_try`: a failure that counts is final.
TryEnd end_of(
    const smtp::SendResult& result, notification::OnAmbiguity on_ambiguity, bool last_try
);
/// No judgement: the day is over, the deletion is recovered, or the process stops.
TryEnd withdrawn(std::string reason);
/// No judgement, because something that every mail needs is down.
TryEnd withdrawn_by_outage(std::string reason);
/// It can never be sent as it is; a person has to look.
TryEnd unsendable(std::string reason);
/// The mail server took it from a process that died before it could write that down.
TryEnd accepted_before();
/// A process died after the content may have left, and a person shall decide.
TryEnd unknown_to_all();

}  // namespace chatear::deletion
