#include "base/utc.hpp"
#include "deletion/life.hpp"
#include "simulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

/// What happens in the simulated world.
namespace chatear::simulation {

using deletion::Request;
using deletion::RequestKind;
using deletion::Status;

std::string Simulation::some_user() {
    return fmt::format("u{}", faults_.below(user_count));
}

/// Somebody whose deletion is scheduled, if there is one.
std::string Simulation::somebody_who_waits() {
    std::vector<std::string> ids;
    for (const auto& [id, row] : database_.deletions) {
        if (row.status == Status::scheduled) {
            ids.push_back(row.user_id);
        }
    }
    return ids.empty() ? some_user() : ids.at(faults_.below(ids.size()));
}

std::string Simulation::new_address(const std::string& user_id) {
    return fmt::format("{}-{}@example.com", user_id, faults_.below(1'000'000));
}

void Simulation::some_pass() {
    const bool mails = faults_.one_in(2);
    some_process([mails](SimulatedProcess& process) {
        return mails ? process.mail_pass() : process.execution_pass();
    });
}

void Simulation::take_some_event() {
    if (stream_.empty()) {
        return;
    }
    // Events are worked on side by side: their order is not kept.
    const Request event = stream_.at(faults_.below(std::min<std::size_t>(stream_.size(), 20)));
    some_process([event](SimulatedProcess& process) { return process.take_event(event); });
}

void Simulation::recover_by_some_link() {
    if (database_.links.empty() || !faults_.one_in(4)) {
        return;
    }
    Request request;
    request.kind = RequestKind::recovery;
    request.event_id = fmt::format("page-{}", ++last_name_);
    request.token_sha256 = database_.links.at(faults_.below(database_.links.size()));
    request.by_page = true;
    some_process([request](SimulatedProcess& process) { return process.recover_by_page(request); });
}

void Simulation::time_passes() {
    const Time now = database_.now();
    const auto to_midnight = deletion::next_utc_day(now) - now;
    switch (faults_.below(6)) {
        case 0:
            return clocks_.advance(std::chrono::milliseconds(faults_.below(2'000)));
        case 1:
        case 2:
            return clocks_.advance(std::chrono::seconds(faults_.below(1'800)));
        case 3:
            return clocks_.advance(std::chrono::minutes(faults_.below(600)));
        case 4:  // The last moment of a day, or the first of the next one.
            return clocks_.advance(to_midnight - std::chrono::microseconds(faults_.below(2)));
        default:
            database_.last_other_mail = now;
            return clocks_.advance(std::chrono::minutes(faults_.below(90)));
    }
}

void Simulation::publish(RequestKind kind, const std::string& user_id) {
    Request event;
    event.kind = kind;
    event.event_id = fmt::format("e{}", ++last_name_);
    event.published_at = clocks_.nats();
    event.user_id = user_id;
    published_[event.event_id] = clocks_.true_time();
    stream_.publish(std::move(event));
}

void Simulation::somebody_asks(RequestKind kind) {
    publish(kind, some_user());
}

void Simulation::somebody_asks_in_between() {
    if (faults_.one_in(3)) {
        somebody_asks(RequestKind::recovery);
    }
}

/// A recovery is published right before its deletion is due, and is on its way while a pass begins.
void Simulation::somebody_asks_at_the_last_moment() {
    if (!faults_.one_in(8)) {
        return;
    }
    // Nothing else may be on its way, or that keeps the pass from beginning.
    for (int event = 0; event < 300 && !(stream_.empty() && database_.outbox.empty()); ++event) {
        the_outbox_is_published();
        take_some_event();
    }
    for (const auto& [id, row] : database_.deletions) {
        if (row.status != Status::scheduled || !faults_.one_in(3)) {
            continue;
        }
        clocks_.advance(std::max(*row.scheduled_at - database_.now() - 1s, 0us));
        publish(RequestKind::recovery, row.user_id);
        clocks_.advance(2s);
        calm_ = 2;
        some_process([](SimulatedProcess& process) { return process.execution_pass(); });
        calm_ = usual_calm;
        return;
    }
}

/// A redelivery, an older store, a consumer that was reset, a replay.
void Simulation::an_old_event_comes_back() {
    if (stream_.archive().empty()) {
        return;
    }
    Request event = stream_.archive().at(faults_.below(stream_.archive().size()));
    if (event.kind == RequestKind::recovery) {
        return;
    }
    event.generation += static_cast<std::uint32_t>(faults_.below(2));
    stream_.publish(std::move(event));
}

void Simulation::the_product_changes_a_user() {
    if (!faults_.one_in(6)) {
        return;
    }
    const std::string id = faults_.one_in(2) ? some_user() : somebody_who_waits();
    const auto found = database_.users.find(id);
    if (found == database_.users.end() || found->second.is_deleted) {
        // Somebody registers anew.
        User user;
        user.id = id;
        user.email = new_address(id);
        database_.users[id] = user;
        return;
    }
    switch (faults_.below(8)) {
        case 0:
            database_.users.erase(found);
            return;
        case 1:
            found->second.is_deleted = true;
            return;
        case 2:
            found->second.email.reset();
            return;
        case 3:
            found->second.email = "no address";
            return;
        default:
            found->second.email = new_address(id);
    }
}

void Simulation::redis_has_trouble() {
    switch (faults_.below(6)) {
        case 0:
            redis_.down = true;
            return;
        case 1:
            redis_.lose_everything();
            return;
        case 2:
            redis_.count_for_others("global:deletion:count:" + utc_day(database_.now()), 1);
            return;
        default:
            redis_.down = false;
    }
}

void Simulation::the_relay_changes_its_mood() {
    relay_.mood = !faults_.one_in(3) ? Mood::accepts : static_cast<Mood>(faults_.below(8));
}

/// Never in the middle of a pass, and with nobody in between who has not compared the clocks yet:
/// what a process cannot know, it cannot prevent.
void Simulation::database_clock_changes() {
    const auto ahead = database_.now() - clocks_.true_time();
    if (clock_is_ahead_) {
        if (database_.stopped && faults_.one_in(2)) {
            clocks_.set_database_ahead(ahead - clock_jump);
            clock_is_ahead_ = false;
            faults_.crashes = true;
        }
        return;
    }
    if (faults_.one_in(20)) {
        return clocks_.set_database_ahead(ahead - std::chrono::minutes(faults_.below(180)));
    }
    if (!faults_.one_in(10)) {
        return;
    }
    faults_.crashes = false;
    const auto interrupt = std::exchange(faults_.interrupt, {});
    redis_.down = false;
    for (std::size_t pass = 0; pass < 40; ++pass) {
        some_process([](SimulatedProcess& process) { return process.execution_pass(); });
    }
    faults_.interrupt = interrupt;
    clocks_.set_database_ahead(ahead + clock_jump);
    clock_is_ahead_ = true;
}

void Simulation::the_outbox_is_published() {
    database_.publish_notices();
    if (!database_.outbox.empty()) {
        stream_.publish(database_.outbox.front());
        database_.outbox.pop_front();
    }
}

/// It says that its mail went out long ago, and nothing proves it.
void Simulation::another_systems_row_is_found() {
    const std::optional<User> user = database_.user(some_user());
    if (!user || user->is_deleted || database_.open_of(user->id) != nullptr) {
        return;
    }
    Deletion row;
    row.id = fmt::format("a{}", ++database_.last_id);
    row.user_id = user->id;
    row.status = Status::scheduled;
    row.requested_at = database_.now() - 31h;
    row.recovery_sent_at = database_.now() - 30h;
    row.scheduled_at = database_.now() - 6h;
    row.address_hash = deletion::address_hash(user->email.value_or(""));
    database_.adopt(row);
}

void Simulation::operator_looks() {
    if (!clock_is_ahead_) {
        database_.resume_executions("looked at");
    }
    for (const auto& [id, row] : database_.deletions) {
        if (row.status != Status::held || !faults_.one_in(4)) {
            continue;
        }
        const Time now = database_.now();
        std::optional<Change> change;
        switch (faults_.below(4)) {
            case 0:
                change = deletion::release(row, now, "looked at");
                break;
            case 1:
                change = deletion::resend(row, now, "looked at");
                break;
            case 2:
                change = deletion::accept_mail(row, now, 24h, "seen in the relay's log");
                vouched_[id] = clocks_.true_time();
                break;
            default:
                change = deletion::cancel(row, deletion::CancelledBy::operator_, now, "called off");
        }
        ASSERT_TRUE(change);
        EXPECT_TRUE(database_.apply(*change));
    }
}

}  // namespace chatear::simulation
