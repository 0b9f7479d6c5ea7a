#pragma once

#include "redis/client.hpp"
#include "runtime/service.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace chatear::runtime {

/// Redis as a worker starts, watches and stops it.
class RedisService final : public Service {
public:
    RedisService(const asio::any_io_executor& executor, redis::Options options)
        : client_(executor, std::move(options)) {}

    std::string name() const override { return "redis"; }
    void start() override { client_.start(); }
    asio::awaitable<void> stop(std::chrono::milliseconds /*limit*/) override {
        return client_.stop();
    }
    bool available() const override { return client_.available(); }
    std::string trouble() const override { return client_.last_error(); }

    redis::Client& client() { return client_; }

private:
    redis::Client client_;
};

}  // namespace chatear::runtime
