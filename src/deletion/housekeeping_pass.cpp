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
    co_return every;
}

}  // namespace chatear::deletion
