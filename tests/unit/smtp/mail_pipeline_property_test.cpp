#include "smtp/mail_pipeline.hpp"
#include "unit/smtp/mails.hpp"
#include "unit/smtp/smtp_server_model.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp::test {
namespace {

// What a run of messages against a model of a server came to.
struct Run {
    std::map<MailPipeline::Id, std::string> recipients;
    std::vector<MailPipeline::Ended> ended;
    std::vector<SmtpServerModel::Taken> taken;
};

/// Chance of its own, so that a run that is made smaller still comes to its end.
using Chance = std::minstd_rand;

std::size_t up_to(Chance& chance, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(chance);
}

/// Replies of the server, as many as it likes at a time.
void take_replies(MailPipeline& pipeline, SmtpServerModel& server, Run& run, Chance& chance) {
    std::size_t count = up_to(chance, server.replies().size());
    for (; count > 0 && !pipeline.wants_close(); --count) {
        const Reply reply = server.replies().front();
        server.replies().pop_front();
        pipeline.on_reply(reply, run.ended);
    }
}

void write_to(MailPipeline& pipeline, SmtpServerModel& server, Run& run, Chance& chance) {
    while (const auto id = pipeline.next_to_ask()) {
        const bool permitted = up_to(chance, 20) > 0;
        pipeline.on_permission(*id, permitted, {}, run.ended);
    }
    std::string written;
    for (const std::string_view piece : pipeline.take_output({})) {
        written += piece;
    }
    if (!written.empty() && !server.hung_up()) {
        server.receive(written);
    }
}

Run run_messages(Conduct conduct, SmtpServerModel& server, std::size_t messages, Chance& chance) {
    MailPipeline pipeline(conduct);
    Run run;
    const auto goes_on = [&] { return !pipeline.empty() || !pipeline.worn(); };
    for (int turn = 0; run.ended.size() < messages && goes_on(); ++turn) {
        RC_ASSERT(turn < 2000);
        const bool adds = up_to(chance, 1) == 1;
        if (adds && run.recipients.size() < messages && pipeline.has_room() && !pipeline.worn()) {
            const std::string recipient = user(run.recipients.size());
            const Mail mail = mail_with_commands_to(recipient);
            run.recipients[pipeline.add(envelope_of(recipient), mail)] = recipient;
        }
        if (up_to(chance, 30) == 0) {
            pipeline.apply(Conduct{.merging = up_to(chance, 1) == 1, .chunking = false});
        }
        write_to(pipeline, server, run, chance);
        take_replies(pipeline, server, run, chance);
        const bool lost = pipeline.wants_close() || (server.hung_up() && server.replies().empty());
        if (lost) {
            for (MailPipeline::Ended& one : pipeline.on_connection_lost("gone", server.hung_up())) {
                run.ended.push_back(std::move(one));
            }
            break;
        }
    }
    run.taken = server.taken();
    return run;
}

/// Mostly it goes well.
int random_code(Chance& chance, Step step) {
    constexpr std::array codes = {550, 451, 554, 421, 0};
    const std::size_t drawn = up_to(chance, step == Step::rcpt ? 9 : 19);
    return drawn < codes.size() ? codes.at(drawn) : 250;
}

RC_GTEST_PROP(
    MailPipeline, NoMessageIsLostOrTakenTwiceOrUnderAnothersEnvelope, (bool chunking, bool merges)
) {
    SmtpServerModel::Habits habits;
    habits.refuses_nested_mail = *rc::gen::arbitrary<bool>();
    habits.refuses_merging = *rc::gen::arbitrary<bool>();
    habits.refuses_chunking = *rc::gen::arbitrary<bool>();
    habits.knows_no_chunking = *rc::gen::arbitrary<bool>();
    habits.code_to_part = *rc::gen::element(250, 250, 551, 503, 354, 451, 421);
    habits.waits_without_recipient = *rc::gen::arbitrary<bool>();
    const Conduct conduct{
        .pipelining = *rc::gen::arbitrary<bool>() || merges || chunking,
        .merging = merges,
        .chunking = chunking,
        .chunking_proven = chunking && !habits.knows_no_chunking && *rc::gen::arbitrary<bool>(),
        .window = *rc::gen::inRange<std::size_t>(1, 6)};
    Chance chance(*rc::gen::arbitrary<std::uint32_t>());
    SmtpServerModel server(habits, [&chance](Step step, std::string_view) {
        return random_code(chance, step);
    });
    const auto messages = *rc::gen::inRange<std::size_t>(1, 12);
    const Run run = run_messages(conduct, server, messages, chance);

    std::map<std::string, int> copies;
    for (const SmtpServerModel::Taken& taken : run.taken) {
        RC_ASSERT(taken.content == mail_with_commands_to(taken.rcpt_to).content);
        RC_ASSERT(taken.mail_from == sender_to(taken.rcpt_to));
        RC_ASSERT(++copies[taken.rcpt_to] == 1);
    }
    RC_ASSERT(run.ended.size() == run.recipients.size());
    for (const MailPipeline::Ended& one : run.ended) {
        const int count = copies[run.recipients.at(one.id)];
        if (one.result.status == SendStatus::accepted) {
            RC_ASSERT(count == 1);
        } else if (one.result.status != SendStatus::in_doubt) {
            RC_ASSERT(count == 0);
        }
    }
}

void assert_none_in_doubt(const Run& run) {
    for (const MailPipeline::Ended& one : run.ended) {
        RC_ASSERT(one.result.status != SendStatus::in_doubt);
    }
}

// As long as not more than half of a window is refused.
RC_GTEST_PROP(MailPipeline, AServerThatCountsRsetsIsNotProvokedToHangUp, (bool merges)) {
    const Conduct conduct{
        .pipelining = true,
        .merging = merges,
        .chunking = true,
        .chunking_proven = true,
        .window = 16};
    Chance chance(*rc::gen::arbitrary<std::uint32_t>());
    const auto one_of = *rc::gen::inRange<std::size_t>(0, 12);
    bool last_refused = false;
    SmtpServerModel server({.most_resets = 10}, [&](Step step, std::string_view) {
        if (step != Step::rcpt) {
            return 250;
        }
        last_refused = !last_refused && up_to(chance, one_of) == 0;
        return last_refused ? 550 : 250;
    });
    const Run run = run_messages(conduct, server, 100, chance);
    RC_ASSERT(!server.hung_up());
    assert_none_in_doubt(run);
}

// Whatever of the envelope is refused: MAIL or RCPT.
RC_GTEST_PROP(MailPipeline, AFirstWindowThatIsRefusedWholeLeavesNothingInDoubt, (bool proven)) {
    const Conduct conduct{
        .pipelining = true,
        .merging = true,
        .chunking = true,
        .chunking_proven = proven,
        .window = *rc::gen::inRange<std::size_t>(1, 40)};
    Chance chance(*rc::gen::arbitrary<std::uint32_t>());
    const Step refused = *rc::gen::element(Step::mail, Step::rcpt);
    SmtpServerModel server({.most_resets = 10}, [refused](Step step, std::string_view) {
        return step == refused ? 550 : 250;
    });
    const Run run = run_messages(conduct, server, 100, chance);
    RC_ASSERT(!run.ended.empty());
    assert_none_in_doubt(run);
}

}  // namespace
}  // namespace chatear::smtp::test
