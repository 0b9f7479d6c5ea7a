#pragma once

#include "runtime/suspects.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// What every `Suspects` does, the one over PostgreSQL and the one in memory.
namespace chatear::conformance {

namespace asio = boost::asio;

class SuspectsWorld {
public:
    virtual ~SuspectsWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    /// Of the process with this name.
    virtual runtime::Suspects& suspects(const std::string& process) = 0;
};

using MakeSuspectsWorld = std::unique_ptr<SuspectsWorld> (*)();

/// Calls without coroutines.
class SuspectsContract : public testing::TestWithParam<MakeSuspectsWorld> {
protected:
    SuspectsContract() : world_(GetParam()()) {}

    /// How often processes died while the event ran alone.
    std::uint32_t begin(const std::string& process, const std::string& event_id = "e");
    void clear(const std::string& process, const std::string& event_id = "e");

private:
    std::unique_ptr<SuspectsWorld> world_;
};

}  // namespace chatear::conformance
