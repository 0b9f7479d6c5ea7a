// The ledger that the simulation lives on does what every judge of recovery mails does.
#include "memory_mail_judge.hpp"

#include "base/utc.hpp"
#include "support/conformance/mail_judge_contract.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>

#include <map>

namespace chatear::simulation {
namespace {

class MemoryMailLedger final : public conformance::MailLedgerWorld {
public:
    explicit MemoryMailLedger(bool notes_content) : notes_content_(notes_content) {
        faults_.crashes = false;
    }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    Time now() override { return database_.now(); }
    std::string mail() override { return "d1.1"; }
    runtime::Judge& judge(const std::string& process) override {
        const auto [entry, is_new] =
            judges_.try_emplace(process, database_, faults_, process, living_, notes_content_);
        if (is_new) {
            living_.insert(process);
        }
        return entry->second;
    }
    void dies(const std::string& process) override { living_.erase(process); }
    std::optional<deletion::MailRecord> record() override {
        const auto found = database_.mails.find(mail());
        return found == database_.mails.end() ? std::nullopt : std::optional(found->second.record);
    }

private:
    const bool notes_content_;
    asio::io_context context_;
    Clocks clocks_{parse_time("2026-11-25T12:00:00Z").value()};
    FaultPlan faults_{0};
    MemoryDatabase database_{clocks_};
    std::set<std::string> living_;
    std::map<std::string, MemoryMailJudge> judges_;
};

std::unique_ptr<conformance::MailLedgerWorld> make_ledger(bool notes_content) {
    return std::make_unique<MemoryMailLedger>(notes_content);
}

}  // namespace
}  // namespace chatear::simulation

namespace chatear::conformance {

INSTANTIATE_TEST_SUITE_P(
    InMemory,
    MailJudgeContract,
    testing::Combine(testing::Values(&simulation::make_ledger), testing::Bool())
);

}  // namespace chatear::conformance
