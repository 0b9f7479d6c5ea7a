// How messages get from the pool's queue to its connections, and what comes back.
#include "base/log.hpp"
#include "smtp/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::smtp {
namespace {

/// A connection that has carried mails before is told at the begin of the next one that it is at
/// its end: messages a connection, idle time. Whether the server is busy a new one shows.
bool is_about_used_connection(const SendResult& result) {
    return result.step == Step::mail || result.step == Step::reset;
}

/// The message may be given to another connection: nobody judged it, and its content did not begin.
bool may_try_again(const SendResult& result, bool connection_was_used) {
    if (result.content_began || result.held_back) {
        return false;
    }
    const bool tired = result.status == SendStatus::try_later && connection_was_used &&
                       is_about_used_connection(result);
    return tired || result.status == SendStatus::not_sent;
}

}  // namespace

/// One that comes back from a connection keeps its turn. Else the same ones would always be at the
/// end of a connection that takes fewer messages than a window has, until their tries are used up.
void Pool::queue(Submission& message) {
    if (waiting_.empty() || waiting_.back()->turn < message.turn) {
        waiting_.push_back(&message);
        return;
    }
    const auto later =
        std::find_if(waiting_.begin(), waiting_.end(), [&message](const Submission* other) {
            return other->turn > message.turn;
        });
    waiting_.insert(later, &message);
}

/// First those that have nothing to do, then those with room, unless new ones are on their way: a
/// message behind another one waits for its answer.
void Pool::dispatch() {
    retire_too_many();
    while (!waiting_.empty()) {
        Carrier* const idle = freshest_idle();
        const std::size_t before = waiting_.size();
        if (idle != nullptr) {
            idle->work();
        }
        if (waiting_.size() == before) {
            break;
        }
    }
    grow();
    // Work may end a connection, and change the list.
    for (std::size_t n = 0; n < carriers_.size() && waiting_.size() > connecting_; ++n) {
        const std::shared_ptr<Carrier> carrier = carriers_[n];
        if (carrier->has_room()) {
            carrier->work();
        }
    }
}

/// Beyond what is allowed, counted from the oldest.
bool Pool::is_too_many(const Carrier& carrier) const {
    std::size_t before = 0;
    for (const std::shared_ptr<Carrier>& other : carriers_) {
        if (other.get() == &carrier) {
            break;
        }
        before += other->usable() ? 1U : 0U;
    }
    return before >= allowance_.allowed();
}

/// Those that are idle already: the others go when they are.
void Pool::retire_too_many() {
    for (std::size_t n = 0; n < carriers_.size() && live() > allowance_.allowed(); ++n) {
        const std::shared_ptr<Carrier> carrier = carriers_[n];
        if (carrier->idle() && carrier->usable() && is_too_many(*carrier)) {
            carrier->retire();
        }
    }
}

/// The one used last, so that the others come to their idle limit.
Carrier* Pool::freshest_idle() const {
    Carrier* found = nullptr;
    for (const std::shared_ptr<Carrier>& carrier : carriers_) {
        const bool is_free = carrier->idle() && carrier->has_room();
        if (is_free && (found == nullptr || carrier->idle_since() > found->idle_since())) {
            found = carrier.get();
        }
    }
    return found;
}

Submission* Pool::next_message(Carrier& carrier) {
    if (waiting_.empty() || stopping_ || is_too_many(carrier)) {
        return nullptr;
    }
    const bool others_come = waiting_.size() <= connecting_ || freshest_idle() != nullptr;
    if (!carrier.idle() && others_come) {
        return nullptr;
    }
    Submission* const first = waiting_.front();
    waiting_.pop_front();
    return first;
}

void Pool::on_ended(Carrier& carrier, Submission& message, SendResult result) {
    const bool used = carrier.completed() > 0;
    const bool at_its_end = used && is_about_used_connection(result);
    if (asks_for_less(result.reply) && !at_its_end && carrier.first_to_ask_for_less()) {
        allowance_.on_asked_for_less(live() + (carrier.usable() ? 0U : 1U));
    }
    const bool again = may_try_again(result, used);
    if (again) {
        carrier.give_up();
    } else {
        note(result);
    }
    message.end(std::move(result), again, used);
}

void Pool::on_idle(Carrier& carrier) {
    changed_.notify_all();
    if (carrier.usable() && (carrier.used_up() || (!stopping_ && is_too_many(carrier)))) {
        carrier.retire();
        dispatch();
    }
}

void Pool::on_learnt(Carrier& carrier, const Conduct& before) {
    const std::string peer = where();
    const Conduct& learnt = carrier.conduct();
    if (before.merging && !learnt.merging && std::exchange(merging_, false)) {
        log::warn(
            "the mail server refuses what stands behind an unanswered message: from now on each "
            "waits for the one before",
            {{"peer", peer}}
        );
    }
    if (before.chunking && !learnt.chunking) {
        use_no_chunking("the mail server announces CHUNKING and refuses BDAT");
    }
    if (learnt.chunking_proven) {
        chunking_proven_by_ = carrier.extensions();
    }
    tell_carriers();
}

/// What DATA brings through and BDAT did not, BDAT was refused for its own sake.
void Pool::learn_of_chunking(ChunkingTries& tries, const SendResult& result, bool used) {
    tries.in_probe += result.in_probe && !used ? 1 : 0;
    if (tries.in_probe >= max_tries) {
        use_no_chunking("the mail server announces CHUNKING and ends the connection at BDAT");
    }
    const bool taken = result.status == SendStatus::accepted;
    if (tries.by_data && taken && !chunking_proven_by_) {
        use_no_chunking("the mail server announces CHUNKING and refuses BDAT");
    }
    tries.by_data = tries.by_data || result.wants_data;
}

void Pool::use_no_chunking(std::string_view why) {
    if (std::exchange(chunking_, false)) {
        log::warn(fmt::format("{}: from now on DATA is used", why), {{"peer", where()}});
        tell_carriers();
    }
}

void Pool::tell_carriers() {
    for (const std::shared_ptr<Carrier>& other : carriers_) {
        other->apply(conduct(other->extensions()));
    }
}

/// As the server announces it, as far as it keeps its word. Behind one name there may be several:
/// what one of them has proven counts for those that announce the same.
Conduct Pool::conduct(const Extensions& announced) const {
    Conduct conduct;
    conduct.pipelining = announced.pipelining;
    conduct.merging = conduct.pipelining && merging_;
    conduct.window = options_->window;
    conduct.chunking = conduct.pipelining && announced.chunking && chunking_ && conduct.window > 1;
    conduct.chunking_proven = conduct.chunking && chunking_proven_by_ == announced;
    return conduct;
}

}  // namespace chatear::smtp
