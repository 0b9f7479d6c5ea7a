#include "notification/email_service.hpp"

#include "notification/compose.hpp"
#include "runtime/redis_service.hpp"

#include <utility>

namespace chatear::notification {
namespace {

/// Owns what the handler uses; the handler owns it.
struct EmailService {
    EmailService(runtime::Worker& worker, EmailServiceSettings settings)
        : templates(load_templates(settings.email.templates_dir)),
          redis(
              std::make_shared<runtime::RedisService>(worker.executor(), std::move(settings.redis))
          ),
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
    std::shared_ptr<runtime::RedisService> redis;
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
    show_metrics(service->transport, worker.metrics());
    if (email.told != ToldEvents::none) {
        worker.tells(email_told_subjects());
    }
    runtime::StreamOptions stream = email_stream();
    stream.hold_on_ambiguity = email.on_ambiguity == OnAmbiguity::hold;
    stream.rate = email.rate;
    worker.on<EmailSend>(
        email_subject,
        [service](const EmailSend& event, runtime::Delivery delivery) {
            return service->sender.send(event, std::move(delivery));
        },
        service->sender.subject_options(),
        std::move(stream)
    );
}

}  // namespace chatear::notification
