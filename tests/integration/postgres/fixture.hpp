#pragma once

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/task_group.hpp"
#include "postgres/connection.hpp"
#include "postgres/pool.hpp"
#include "support/coroutine.hpp"
#include "support/postgres_server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace chatear::postgres {

/// A loop and options for a database of its own on the shared server.
class PostgresTest : public testing::Test {
protected:
    PostgresTest() { log::configure(log::Level::error, log::Format::text, "test"); }

    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    ConnectionOptions options() {
        if (url_.empty()) {
            url_ = test::PostgresServer::shared().create_database();
        }
        return options_for(url_);
    }

    static ConnectionOptions options_for(const std::string& url) {
        ConnectionOptions options;
        options.url = Secret(url);
        return options;
    }

    /// Runs `work` with a pool that is connected, and stops it.
    void with_pool(
        ConnectionOptions options, const std::function<asio::awaitable<void>(Pool&)>& work
    ) {
        Pool pool(context_.get_executor(), std::move(options));
        run([&]() -> asio::awaitable<void> {
            pool.start();
            co_await pool.wait_until_available(std::chrono::seconds(10));
            std::exception_ptr thrown;
            try {
                co_await work(pool);
            } catch (const std::exception&) {
                thrown = std::current_exception();
            }
            co_await pool.stop();
            if (thrown) {
                std::rethrow_exception(thrown);
            }
        });
    }

    /// The first value of a statement without parameters, which must succeed.
    static asio::awaitable<std::string> value(Pool& pool, Statement statement) {
        const Params none;
        const QueryResult result = co_await pool.query(statement, none);
        EXPECT_TRUE(result.has_value()) << (result ? "" : describe(result.error()));
        co_return result && !result->empty() ? std::string(result->text(0, 0)) : std::string();
    }

    asio::io_context context_;

private:
    std::string url_;
};

/// The SQLSTATE of an error, "00000" of a success.
inline std::string state_of(const QueryResult& result) {
    return result ? "00000" : result.error().sqlstate;
}

}  // namespace chatear::postgres
