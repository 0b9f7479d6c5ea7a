#pragma once

#include "postgres/pool.hpp"
#include "runtime/registry.hpp"
#include "runtime/suspects.hpp"

#include <cstdint>
#include <string>

namespace chatear::runtime {

/// The table `suspects` over PostgreSQL (rule 19). The pool must outlive it.
class PostgresSuspects final : public Suspects {
public:
    PostgresSuspects(postgres::Pool& pool, Identity identity);

    asio::awaitable<std::uint32_t> begin(std::string subject, std::string event_id) override;
    asio::awaitable<void> clear(std::string subject, std::string event_id) override;

private:
    postgres::Pool& pool_;
    const Identity identity_;
};

}  // namespace chatear::runtime
