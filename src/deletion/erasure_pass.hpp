#pragma once

#include "deletion/clock_stop.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/erasure_store.hpp"
#include "deletion/journal.hpp"
#include "deletion/pass.hpp"

#include <chrono>
#include <map>
#include <string>

namespace chatear::deletion {

/// Once an hour, and at the start, erases what is due (rule 15). One that cannot be erased does not
/// block those behind it. A clock that was set ahead erases nothing, as it executes nothing.
class ErasurePass final : public Pass {
public:
    static constexpr std::chrono::hours every{1};

    /// Everything must outlive it.
    struct Parts {
        ErasureStore& erasure;
        DeletionStore& store;
        Journal& journal;
        ClockStop& clock;
    };

    explicit ErasurePass(Parts parts) : parts_(parts) {}

    asio::awaitable<std::chrono::milliseconds> run() override;
    void drain() override { draining_ = true; }
    asio::awaitable<void> stop() override { co_return; }

private:
    asio::awaitable<void> erase_all();

    Parts parts_;
    std::map<std::string, int> waiting_;  // For an e-mail, and in how many rounds.
    bool draining_ = false;
};

}  // namespace chatear::deletion
