#include "notification/email_service.hpp"

#include <stdexcept>
#include <utility>

namespace chatear::notification {
namespace {

/// Redis as the worker starts, watches and stops it.
class RedisService final : public runtime::Service {
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

mail::Templates load_templates(const std::string& folder) {
    auto templates = mail::Templates::load(folder);
    if (!templates) {
        throw std::runtime_error(templates.error().message);
    }
    return std::move(*templates);
}

const runtime::MetricDeclaration smtp_replies{
    .name = "chatear_smtp_replies_total",
    .help = "E-mails handed to the mail server, by what became of them.",
    .labels = {"verdict"}};
const runtime::MetricDeclaration smtp_connections{
    .name = "chatear_smtp_connections", .help = "Ready sessions with the mail server."};
const runtime::MetricDeclaration smtp_lost_connections{
    .name = "chatear_smtp_lost_connections_total",
    .help = "Sessions that ended by other than our wish."};
const runtime::MetricDeclaration smtp_failed_connections{
    .name = "chatear_smtp_failed_connections_total",
    .help = "Attempts to open a session that failed."};

void collect(runtime::Metrics& metrics, const smtp::Counters& counters) {
    const std::pair<smtp::SendStatus, std::uint64_t> ends[] = {
        {smtp::SendStatus::accepted, counters.accepted},
        {smtp::SendStatus::try_later, counters.try_later},
        {smtp::SendStatus::never, counters.never},
        {smtp::SendStatus::sender_refused, counters.sender_refused},
        {smtp::SendStatus::not_sent, counters.not_sent},
        {smtp::SendStatus::in_doubt, counters.in_doubt}};
    for (const auto& [status, count] : ends) {
        const std::vector<std::string> label(1, std::string(smtp::to_text(status)));
        metrics.counter(smtp_replies, label).raise_to(static_cast<double>(count));
    }
    metrics.gauge(smtp_connections).set(static_cast<double>(counters.open));
    metrics.counter(smtp_lost_connections).raise_to(static_cast<double>(counters.lost_connections));
    metrics.counter(smtp_failed_connections)
        .raise_to(static_cast<double>(counters.failed_connections));
}

/// Owns what the handler uses; the handler owns it.
struct EmailService {
    EmailService(runtime::Worker& worker, EmailServiceSettings settings)
        : templates(load_templates(settings.email.templates_dir)),
          redis(std::make_shared<RedisService>(worker.executor(), std::move(settings.redis))),
          transport(std::make_shared<SmtpMailTransport>(worker.executor(), std::move(settings.smtp))
          ),
          limits(
              redis->client(), settings.email.rate_per_recipient, settings.email.rate_per_domain
          ),
          sender(
              worker.executor(),
              settings.email,
              templates,
              *transport,
              limits,
              worker.clock(),
              [&worker] { worker.metrics().possible_duplicate("in_doubt"); }
          ) {}

    mail::Templates templates;
    std::shared_ptr<RedisService> redis;
    std::shared_ptr<SmtpMailTransport> transport;
    RedisLimits limits;
    EmailSender sender;
};

}  // namespace

EmailServiceSettings read_email_service_settings(SettingsReader& reader) {
    EmailServiceSettings settings;
    settings.email = read_email_settings(reader);
    settings.smtp = smtp::read_settings(reader);
    settings.redis = redis::read_settings(reader);
    return settings;
}

runtime::StreamOptions email_stream() {
    runtime::StreamOptions stream;
    stream.stream = "NOTIFICATIONS";
    return stream;
}

std::vector<std::string> email_told_subjects() {
    return {"email.sent", "email.failed"};
}

void handle_email_send(runtime::Worker& worker, EmailServiceSettings settings) {
    const EmailSettings email = settings.email;
    const auto service = std::make_shared<EmailService>(worker, std::move(settings));
    // Stopped in this order: what is under way at the mail server ends before the limits do.
    worker.attach(service->transport);
    worker.attach(service->redis);
    worker.metrics().on_collect([&worker, transport = service->transport] {
        collect(worker.metrics(), transport->pool().counters());
    });
    if (email.told != ToldEvents::none) {
        worker.tells(email_told_subjects());
    }
    runtime::StreamOptions stream = email_stream();
    stream.hold_on_ambiguity = email.on_ambiguity == OnAmbiguity::hold;
    stream.rate = email.rate;
    worker.on<EmailSend>(
        email_subject,
        [service](EmailSend event, runtime::Delivery delivery) {
            return service->sender.send(std::move(event), std::move(delivery));
        },
        service->sender.subject_options(),
        std::move(stream)
    );
}

}  // namespace chatear::notification
