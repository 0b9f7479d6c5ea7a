#pragma once

#include "base/clock.hpp"
#include "base/values.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/recovery_words.hpp"
#include "deletion/wrong_tokens.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "runtime/metrics.hpp"
#include "runtime/service.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace chatear::deletion {

/// The page behind a recovery mail's link (rule 13). GET shows it and changes nothing, since mail
/// scanners follow links; POST recovers. It needs the database alone.
class RecoveryPage {
public:
    /// Enters a request as any other; throws Unavailable.
    using Enter = std::function<asio::awaitable<RequestReply>(Request)>;

    /// All must outlive it.
    RecoveryPage(DeletionStore& store, Enter enter, const Clock& clock, runtime::Metrics& metrics)
        : store_(store), enter_(std::move(enter)), clock_(clock), metrics_(metrics) {}

    /// `path`: that of RECOVERY_URL. It is served at "/" too, for a proxy that takes the path off.
    http::Router router(const std::string& path);

    asio::awaitable<http::Response> show(http::Request request);
    asio::awaitable<http::Response> recover(http::Request request);

private:
    asio::awaitable<PageKind> look_up(std::string token, std::string peer);
    asio::awaitable<PageKind> enter(std::string token);
    PageKind refuse(const std::string& peer);
    http::Response answer(const http::Request& request, PageKind kind, const std::string& token);

    DeletionStore& store_;
    Enter enter_;
    const Clock& clock_;
    runtime::Metrics& metrics_;
    WrongTokens wrong_tokens_;
};

/// Its listener, as a service of the worker.
class RecoveryPageService final : public runtime::Service {
public:
    /// Binds; throws std::runtime_error naming the address and the reason.
    RecoveryPageService(
        const asio::any_io_executor& executor, const ListenAddress& address, http::Router router
    );

    std::string name() const override { return "recovery page"; }
    void start() override;
    asio::awaitable<void> stop(std::chrono::milliseconds /*limit*/) override {
        return server_.stop();
    }
    bool available() const override { return true; }
    std::string trouble() const override { return {}; }

private:
    std::string host_;
    http::Server server_;
};

}  // namespace chatear::deletion
