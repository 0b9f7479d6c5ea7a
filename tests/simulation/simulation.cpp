#include "simulation.hpp"

#include "base/error.hpp"
#include "base/utc.hpp"
#include "deletion/notices.hpp"
#include "support/coroutine.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace chatear::simulation {
namespace {

using deletion::Status;

const Time start = parse_time("2026-11-25T12:00:00Z").value();

bool is_adopted(const std::string& id) {
    return id.starts_with('a');
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, const mail::Templates& templates)
    : clocks_(start),
      faults_(seed),
      world_{clocks_, faults_, database_, limits_, relay_, stream_, living_, templates, {}},
      processes_(process_count),
      contexts_(deepest + 1) {
    world_.on_execution = [this](const Deletion& row, const User& user) {
        check_execution(row, user);
    };
    world_.on_ambiguity =
        faults_.one_in(2) ? notification::OnAmbiguity::hold : notification::OnAmbiguity::resend;
    world_.daily_limit = 1 + static_cast<int>(faults_.below(10));
    clocks_.set_nats_ahead(std::chrono::seconds(faults_.below(20'000)) - 10'000s);
    faults_.interrupt = [this] { let_others_run(); };
    for (std::size_t number = 0; number < user_count; ++number) {
        User user;
        user.id = fmt::format("u{}", number);
        user.email = new_address(user.id);
        user.name = "Ann";
        database_.users.emplace(user.id, user);
    }
    for (std::size_t place = 0; place < process_count; ++place) {
        start_process(place);
    }
}

void Simulation::run(std::uint64_t steps) {
    const std::uint64_t end = faults_.steps() + steps;
    while (faults_.steps() < end && !testing::Test::HasFailure()) {
        act();
    }
}

void Simulation::act() {
    switch (faults_.below(29)) {
        case 0:
        case 1:
        case 2:
            return somebody_asks(deletion::RequestKind::deletion);
        case 3:
            return somebody_asks(deletion::RequestKind::recovery);
        case 4:
            return recover_by_some_link();
        case 5:
            return an_old_event_comes_back();
        case 6:
            return the_product_changes_a_user();
        case 7:
            return redis_has_trouble();
        case 8:
            return the_relay_changes_its_mood();
        case 9:
            return database_clock_changes();
        case 10:
            return operator_looks();
        case 11:
        case 12:
        case 13:
        case 14:
            return time_passes();
        case 15:
        case 16:
        case 17:
        case 18:
            return take_some_event();
        case 19:
        case 20:
        case 21:
            return the_outbox_is_published();
        case 22:
            return somebody_asks_at_the_last_moment();
        case 23:
            return another_systems_row_is_found();
        default:
            return some_pass();
    }
}

/// Called in the middle of everything that a process does.
void Simulation::let_others_run() {
    if (depth_ >= deepest || !faults_.one_in(calm_)) {
        return;
    }
    switch (faults_.below(9)) {
        case 0:
            return time_passes();
        case 7:
            return the_outbox_is_published();
        case 1:
            return take_some_event();
        case 2:
            return recover_by_some_link();
        case 3:
            return the_product_changes_a_user();
        case 4:
            return redis_has_trouble();
        case 5:
            return somebody_asks_in_between();
        case 6:
            return operator_looks();
        default:
            return some_pass();
    }
}

void Simulation::start_process(std::size_t place) {
    processes_.at(place) = std::make_unique<SimulatedProcess>(
        world_,
        fmt::format("p{}", ++last_name_),
        std::chrono::hours(faults_.below(48)) - std::chrono::hours(24)
    );
}

void Simulation::some_process(const Work& work) {
    const std::size_t place = faults_.below(processes_.size());
    if (processes_.at(place)->busy) {
        return;
    }
    SimulatedProcess& process = *processes_.at(place);
    process.busy = true;
    asio::io_context& context = contexts_.at(static_cast<std::size_t>(depth_));
    ++depth_;
    const std::function<asio::awaitable<void>()> run = [&] { return work(process); };
    try {
        test::run_coroutine(context, run);
    } catch (const Unavailable&) {
        // It waits and tries again, as every loop of a worker does.
    } catch (const Crash&) {
        ++crashes_;
        context.restart();
        start_process(place);
    }
    --depth_;
    processes_.at(place)->busy = false;
}

void Simulation::check_execution(const Deletion& row, const User& user) {
    SCOPED_TRACE(row.id);
    EXPECT_FALSE(clock_is_ahead_) << "the database's clock was set ahead";

    // It was asked for, told, and a day went by: by the true time, which a clock may have gained a
    // minute on unnoticed.
    const Time long_ago = clocks_.true_time() - 24h + 60s;
    const auto vouched = vouched_.find(row.id);
    const bool by_operator = vouched != vouched_.end() && vouched->second <= long_ago;
    const bool by_mail =
        relay_.judged_between(row.address_hash, database_.made.at(row.id), long_ago);
    EXPECT_TRUE(by_operator || by_mail);
    EXPECT_LE(*row.recovery_sent_at + 24h, database_.now());
    const auto address = mail_address(user);
    EXPECT_EQ(address ? deletion::address_hash(*address) : "", row.address_hash);

    check_notice(row);

    const std::string day = utc_day(database_.now());
    EXPECT_LE(++executed_on_[day], world_.daily_limit) << "executions on " << day;

    // Nobody who asked in time to keep the account is still waiting to be heard.
    const Time due = *row.scheduled_at + (clocks_.true_time() - database_.now());
    const auto check_heard = [&](const deletion::Request& event) {
        const bool of_user =
            event.kind == deletion::RequestKind::recovery && event.user_id == user.id;
        EXPECT_FALSE(of_user && published_.at(event.event_id) <= due) << event.event_id;
    };
    for (std::size_t place = 0; place < stream_.size(); ++place) {
        check_heard(stream_.at(place));
    }
    std::for_each(database_.outbox.begin(), database_.outbox.end(), check_heard);
}

/// Who had the address before was told, or could not be, for good; an operator may vouch for all.
void Simulation::check_notice(const Deletion& row) const {
    const auto former = database_.mails.find(mail_id(row, row.notice_number - 1));
    const bool wanted = row.notice_number > 0 && former != database_.mails.end() &&
                        !former->second.record.recipient.empty();
    if (!wanted || vouched_.contains(row.id)) {
        return;
    }
    const auto notice = database_.mails.find(mail_id(row, row.notice_number));
    ASSERT_NE(notice, database_.mails.end());
    const runtime::LedgerStatus status = notice->second.record.status;
    EXPECT_NE(status, runtime::LedgerStatus::working);
    EXPECT_NE(status, runtime::LedgerStatus::retrying);
    EXPECT_NE(status, runtime::LedgerStatus::deferred);
}

void Simulation::come_to_rest() {
    faults_.crashes = false;
    faults_.interrupt = {};
    redis_.down = false;
    relay_.mood = Mood::accepts;
    if (std::exchange(clock_is_ahead_, false)) {
        clocks_.set_database_ahead(database_.now() - clocks_.true_time() - clock_jump);
    }
    for (int hour = 0; hour < 24 * 60; ++hour) {
        clocks_.advance(1h);
        database_.resume_executions("looked at");
        while (!stream_.empty() || !database_.outbox.empty()) {
            the_outbox_is_published();
            take_some_event();
        }
        for (int pass = 0; pass < 8; ++pass) {
            some_pass();
        }
    }
}

std::size_t Simulation::count(Status status) const {
    std::size_t found = 0;
    for (const auto& [id, row] : database_.deletions) {
        found += row.status == status ? 1U : 0U;
    }
    return found;
}

void Simulation::check_history() const {
    std::map<std::pair<std::string, std::string>, int> audited;
    for (const MemoryDatabase::LogRow& row : database_.log) {
        if (const auto* id = row.entry.meta.if_contains("deletion_id")) {
            ++audited[{std::string(id->as_string()), row.entry.action}];
        }
    }
    std::map<std::pair<std::string, std::string>, int> told;
    for (const MemoryDatabase::Told& notice : database_.told) {
        ++told[{notice.deletion_id, notice.subject}];
    }
    const auto times = [](const auto& counts, const std::string& id, std::string_view what) {
        const auto found = counts.find({id, std::string(what)});
        return found == counts.end() ? 0 : found->second;
    };
    for (const auto& [id, row] : database_.deletions) {
        SCOPED_TRACE(id);
        const int executed = row.status == Status::executed ? 1 : 0;
        const int cancelled = row.status == Status::cancelled ? 1 : 0;
        const int failed = row.status == Status::failed ? 1 : 0;
        EXPECT_EQ(times(audited, id, "deletion.requested"), is_adopted(id) ? 0 : 1);
        EXPECT_EQ(times(audited, id, "deletion.executed"), executed);
        EXPECT_EQ(times(audited, id, "deletion.cancelled"), cancelled);
        EXPECT_EQ(times(audited, id, "deletion.failed"), failed);
        EXPECT_EQ(times(told, id, "user.deleted"), executed);
        EXPECT_EQ(times(told, id, "user.deletion.cancelled"), cancelled);
        EXPECT_EQ(times(told, id, "user.deletion.failed"), failed);
    }
    // An event that came again never made a second deletion.
    std::size_t made = 0;
    for (const auto& [id, row] : database_.deletions) {
        made += is_adopted(id) ? 1U : 0U;
    }
    for (const auto& [key, row] : database_.requests) {
        const bool made_one =
            row.kind == deletion::RequestKind::deletion && !row.deletion_id.empty();
        made += made_one ? 1U : 0U;
    }
    EXPECT_EQ(made, database_.deletions.size());
}

}  // namespace chatear::simulation
