#pragma once

#include "notification/mail_transport.hpp"
#include "runtime/metrics.hpp"
#include "runtime/service.hpp"
#include "smtp/pool.hpp"

#include <memory>

namespace chatear::notification {

/// The transport over SMTP, as a service that the worker starts and stops.
class SmtpMailTransport final : public MailTransport, public runtime::Service {
public:
    SmtpMailTransport(const asio::any_io_executor& executor, smtp::Options options)
        : pool_(executor, std::move(options)) {}

    asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
    ) override {
        return pool_.send(std::move(envelope), std::move(content), std::move(before));
    }

    std::string name() const override { return "smtp"; }
    void start() override { pool_.start(); }
    asio::awaitable<void> stop(std::chrono::milliseconds limit) override {
        return pool_.stop(limit);
    }
    bool available() const override { return pool_.available(); }
    std::string trouble() const override { return pool_.last_error(); }

    const smtp::Pool& pool() const { return pool_; }

private:
    smtp::Pool pool_;
};

/// Keeps the metrics `chatear_smtp_...` of `transport` in `metrics`.
void show_metrics(std::shared_ptr<const SmtpMailTransport> transport, runtime::Metrics& metrics);

}  // namespace chatear::notification
