#include "deletion/housekeeping_pass.hpp"

#include "base/digest.hpp"
#include "base/log.hpp"

#include <optional>
#include <string>

namespace chatear::deletion {

asio::awaitable<std::chrono::milliseconds> HousekeepingPass::run() {
    constexpr std::chrono::minutes every{1};
    const std::optional<AuditHead> head = co_await store_.tell_audit_head();
    if (head) {
        const std::string hash = to_hex(head->hash);
        log::info(
            "the head of the audit log",
            {{"id", head->id}, {"chain_seq", head->chain_seq}, {"hash", hash}}
        );
    }
    constexpr int passes_an_hour = 60;
    if (passes_ % passes_an_hour == 0) {
        const std::size_t mails = co_await store_.let_go_of_mails();
        log::debug("recovery mails of ended deletions are kept no longer", {{"mails", mails}});
    }
    ++passes_;
    co_return every;
}

}  // namespace chatear::deletion
