#include "simulated_relay.hpp"

#include "base/utc.hpp"
#include "deletion/deletion.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace chatear::simulation {
namespace {

smtp::SendResult result_of(smtp::SendStatus status, int code, std::string text) {
    smtp::SendResult result;
    result.status = status;
    result.step = smtp::Step::content;
    result.reply = {code, std::move(text)};
    result.content_began = true;
    return result;
}

std::string user_of(const std::string& address) {
    return address.substr(0, address.find('-'));
}

}  // namespace

asio::awaitable<smtp::SendResult> SimulatedRelay::send(
    smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
) {
    faults_.before_effect();
    const Result<std::string> bytes = content(smtp::Capabilities{});
    const bool permitted = co_await before();
    if (!bytes || !permitted) {
        smtp::SendResult held_back;
        held_back.held_back = true;
        co_return held_back;
    }
    const Mood now = mood == Mood::mixed ? static_cast<Mood>(faults_.below(7)) : mood;
    const smtp::SendResult result = answer(now, envelope.rcpt_to);
    const bool may_have_arrived =
        result.status == smtp::SendStatus::accepted || result.status == smtp::SendStatus::in_doubt;
    if (may_have_arrived) {
        count_content(envelope.rcpt_to, utc_day(database_.now()));
    }
    faults_.after_effect();
    co_return result;
}

smtp::SendResult SimulatedRelay::answer(Mood now, const std::string& address) {
    const std::string hash = deletion::address_hash(address);
    switch (now) {
        case Mood::accepts:
            judged_.emplace(hash, database_.clocks.true_time());
            return result_of(smtp::SendStatus::accepted, 250, "2.0.0 queued");
        case Mood::later:
            return result_of(smtp::SendStatus::try_later, 451, "4.7.1 greylisted");
        case Mood::nobody:
            judged_.emplace(hash, database_.clocks.true_time());
            return result_of(smtp::SendStatus::never, 550, "5.1.1 <" + address + ">: unknown");
        case Mood::never:
            return result_of(smtp::SendStatus::never, 550, "5.6.0 not like this");
        case Mood::refuses_us:
            return result_of(smtp::SendStatus::sender_refused, 550, "5.7.1 you are blocked");
        case Mood::hangs_up:
            return result_of(smtp::SendStatus::not_sent, 0, "connection lost");
        case Mood::silent:
        case Mood::mixed:
            break;
    }
    return result_of(smtp::SendStatus::in_doubt, 0, "no answer");
}

void SimulatedRelay::count_content(const std::string& address, const std::string& day) {
    const Count key{user_of(address), day};
    const int count = ++contents_[key];
    EXPECT_LE(count, 2) << "recovery mails to " << address << " on " << day;
}

bool SimulatedRelay::judged_between(const std::string& address_hash, Time from, Time to) const {
    const auto [begin, end] = judged_.equal_range(address_hash);
    return std::any_of(begin, end, [&](const auto& mail) {
        return mail.second >= from && mail.second <= to;
    });
}

}  // namespace chatear::simulation
