#include "deletion/try_end.hpp"

#include "notification/hand_over.hpp"

#include <array>
#include <utility>

namespace chatear::deletion {
namespace {

using runtime::LedgerStatus;

/// Rule 7: there is nobody at this address.
bool addressed_to_nobody(const smtp::Reply& reply) {
    static constexpr std::array<smtp::EnhancedCode, 5> codes{
        {{5, 1, 1}, {5, 1, 2}, {5, 1, 6}, {5, 1, 10}, {5, 2, 1}}};
    const auto code = reply.enhanced_code();
    if (!code) {
        return false;
    }
    for (const smtp::EnhancedCode& nobody : codes) {
        if (*code == nobody) {
            return true;
        }
    }
    return false;
}

TryEnd refused_for_good(const smtp::SendResult& result, MailResult::Kind kind) {
    TryEnd end;
    end.result.kind = kind;
    end.slot = SlotUse::passed;
    end.status = LedgerStatus::failed;
    end.reason = kind == MailResult::Kind::nobody ? nobody_there : "the mail server refuses it: ";
    end.reason += notification::describe(result);
    return end;
}

TryEnd try_later(SlotUse slot, std::string reason, bool last_try) {
    TryEnd end;
    end.result.kind = MailResult::Kind::try_later;
    end.slot = slot;
    end.status = last_try ? LedgerStatus::failed : LedgerStatus::retrying;
    end.reason = std::move(reason);
    return end;
}

TryEnd in_doubt(
    const smtp::SendResult& result, notification::OnAmbiguity on_ambiguity, bool last_try
) {
    std::string reason(no_answer);
    reason += notification::describe(result);
    TryEnd end = on_ambiguity == notification::OnAmbiguity::hold
                     ? unknown_to_all()
                     : try_later(SlotUse::kept, {}, last_try);
    end.reason = std::move(reason);
    end.possible_duplicate = true;
    return end;
}

TryEnd not_sent(const smtp::SendResult& result, bool last_try) {
    const std::string what = notification::describe(result);
    if (result.held_back) {
        return withdrawn("nothing was sent: it was held back");
    }
    if (!result.content_began) {
        return withdrawn_by_outage("nothing was sent: " + what);
    }
    return try_later(SlotUse::passed, std::string(broken_off) + what, last_try);
}

/// A refusal of ourselves: for good it starts no clock and is a person's (rule 7); for now it
/// judges nobody.
TryEnd sender_refused(const smtp::SendResult& result) {
    if (result.reply.verdict() == smtp::Verdict::never) {
        return refused_for_good(result, MailResult::Kind::never);
    }
    return withdrawn_by_outage(
        "the mail server refuses us for now: " + notification::describe(result)
    );
}

TryEnd judge(
    const smtp::SendResult& result, notification::OnAmbiguity on_ambiguity, bool last_try
) {
    switch (result.status) {
        case smtp::SendStatus::accepted: {
            TryEnd end;
            end.result.kind = MailResult::Kind::accepted;
            return end;
        }
        case smtp::SendStatus::try_later:
            return try_later(
                SlotUse::passed,
                std::string(wanted_later) + notification::describe(result),
                last_try
            );
        case smtp::SendStatus::never:
            return refused_for_good(
                result,
                addressed_to_nobody(result.reply) ? MailResult::Kind::nobody
                                                  : MailResult::Kind::never
            );
        case smtp::SendStatus::sender_refused:
            return sender_refused(result);
        case smtp::SendStatus::not_sent:
            return not_sent(result, last_try);
        case smtp::SendStatus::in_doubt:
            break;
    }
    return in_doubt(result, on_ambiguity, last_try);
}

}  // namespace

bool is_in_doubt(std::string_view words) {
    return words.starts_with(no_answer);
}

bool is_passing(std::string_view words) {
    return words.starts_with(wanted_later) || words.starts_with(broken_off) ||
           words.starts_with(no_answer);
}

TryEnd end_of(
    const smtp::SendResult& result, notification::OnAmbiguity on_ambiguity, bool last_try
) {
    TryEnd end = judge(result, on_ambiguity, last_try);
    if (result.reply.code != 0) {
        end.result.reply = result.reply.one_line();
    }
    return end;
}

TryEnd withdrawn(std::string reason) {
    TryEnd end;
    end.result.kind = MailResult::Kind::withdrawn;
    end.slot = SlotUse::freed;
    end.status = LedgerStatus::deferred;
    end.reason = std::move(reason);
    return end;
}

TryEnd withdrawn_by_outage(std::string reason) {
    TryEnd end = withdrawn(std::move(reason));
    end.outage = true;
    return end;
}

TryEnd unsendable(std::string reason) {
    TryEnd end;
    end.result.kind = MailResult::Kind::never;
    end.slot = SlotUse::freed;
    end.status = LedgerStatus::failed;
    end.reason = std::move(reason);
    return end;
}

TryEnd accepted_before() {
    TryEnd end;
    end.result.kind = MailResult::Kind::accepted;
    return end;
}

TryEnd unknown_to_all() {
    TryEnd end;
    end.result.kind = MailResult::Kind::ambiguous;
    end.slot = SlotUse::kept;
    end.status = LedgerStatus::ambiguous;
    end.reason = "its process died after the content may have left";
    return end;
}

}  // namespace chatear::deletion
