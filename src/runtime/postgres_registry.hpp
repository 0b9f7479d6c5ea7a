#pragma once

#include "postgres/pool.hpp"
#include "runtime/registry.hpp"

#include <string>
#include <vector>

namespace chatear::runtime {

/// The table `workers` over PostgreSQL (rule 7).
class PostgresRegistry final : public Registry {
public:
    /// The pool must outlive it.
    PostgresRegistry(postgres::Pool& pool, Identity identity);

    /// Makes the renewal the first statement on each new connection, so that no claim is made by a
    /// process without a row. Before the pool is started.
    void renew_on_each_connection();

    asio::awaitable<void> renew() override;
    asio::awaitable<void> release() override;
    asio::awaitable<void> declare_dead(std::vector<std::string> instances) override;
    asio::awaitable<void> remove_old() override;

private:
    postgres::Pool& pool_;
    const Identity identity_;
};

}  // namespace chatear::runtime
