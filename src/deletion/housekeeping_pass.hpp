#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/pass.hpp"

#include <chrono>

namespace chatear::deletion {

/// What is done now and then: once a day the head of the audit log is told, so that its end cannot
/// be cut off unseen (rule 14); once an hour mails are let go of that prove nothing any more.
class HousekeepingPass final : public Pass {
public:
    /// `store` must outlive it.
    explicit HousekeepingPass(DeletionStore& store) : store_(store) {}

    asio::awaitable<std::chrono::milliseconds> run() override;
    void drain() override {}
    asio::awaitable<void> stop() override { co_return; }

private:
    DeletionStore& store_;
    int passes_ = 0;
};

}  // namespace chatear::deletion
