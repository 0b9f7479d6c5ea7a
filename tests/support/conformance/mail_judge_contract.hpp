#pragma once

#include "deletion/deletion_store.hpp"
#include "runtime/judge.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

/// What every `Judge` of recovery mails does, the one over `email_sends` and the one that the
/// simulation lives on. The rules are those of events (docs/delivery.md).
namespace chatear::conformance {

namespace asio = boost::asio;

/// Processes that share a ledger with one recovery mail in it, or not yet.
class MailLedgerWorld {
public:
    virtual ~MailLedgerWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    virtual Time now() = 0;  ///< The database's clock.
    virtual std::string mail() = 0;
    /// Of the process with this name, which lives from the first call on.
    virtual runtime::Judge& judge(const std::string& process) = 0;
    /// It is known to be dead. Its judge can still be asked: what was known may be wrong.
    virtual void dies(const std::string& process) = 0;
    /// What the store reads of the mail.
    virtual std::optional<deletion::MailRecord> record() = 0;
};

/// One try of a process.
struct Try {
    std::string process;
    std::uint64_t claim_no = 1;
    std::uint32_t generation = 0;
};

/// What a verdict says beside its status.
struct MailEnd {
    std::optional<std::string> reply{};
    std::optional<std::string> error{};
    std::string recipient = "ann@example.test";
};

/// `notes_content`: every content's begin is committed before (MAIL_ON_AMBIGUITY=hold).
using MakeMailLedgerWorld = std::unique_ptr<MailLedgerWorld> (*)(bool notes_content);

/// Calls without coroutines.
class MailJudgeContract : public testing::TestWithParam<std::tuple<MakeMailLedgerWorld, bool>> {
protected:
    MailJudgeContract() : world_(std::get<0>(GetParam())(notes_content())) {}

    static bool notes_content() { return std::get<1>(GetParam()); }
    MailLedgerWorld& world() { return *world_; }

    runtime::ClaimReply claim(const Try& by, const std::string& recipient = "ann@example.test");
    /// Whether it stands.
    bool record(const Try& by, runtime::LedgerStatus status, const MailEnd& end = MailEnd());
    /// Under a claim that was made in an earlier lease of its process.
    bool begin_content(const Try& by);

    /// "granted", "held", ...
    std::string asked(const Try& by);
    deletion::MailRecord row() { return world().record().value(); }

private:
    runtime::Event event(const Try& by);
    static runtime::Claim claim_of(const runtime::Event& event, const Try& by);

    std::unique_ptr<MailLedgerWorld> world_;
};

}  // namespace chatear::conformance
