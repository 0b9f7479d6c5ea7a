#pragma once

#include "postgres/pool.hpp"
#include "runtime/registry.hpp"

#include <string>
#include <vector>

namespace chatear::runtime {

/// The table `workers` over PostgreSQL (rule 7).
class PostgresRegistry final : public Registry {
public:
    /// Makes the renewal the first statement on each new connection of `pool`, so construct it
    /// before the pool is started. The pool must outlive it.
    PostgresRegistry(postgres::Pool& pool, Identity identity);

    asio::awaitable<void> renew() override;
    asio::awaitable<void> release() override;
    asio::awaitable<void> declare_dead(std::vector<std::string> instances) override;
    asio::awaitable<void> remove_old() override;

private:
    postgres::Pool& pool_;
    const Identity identity_;
};

}  // namespace chatear::runtime
