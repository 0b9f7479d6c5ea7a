#include "notification/smtp_mail_transport.hpp"

#include <string>
#include <utility>
#include <vector>

namespace chatear::notification {
namespace {

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

const runtime::MetricDeclaration smtp_merging{
    .name = "chatear_smtp_merging",
    .help =
        "1 = a message may leave behind one that is not answered yet; 0 once the mail server has "
        "refused that."};
const runtime::MetricDeclaration smtp_chunking{
    .name = "chatear_smtp_chunking",
    .help = "1 = BDAT is used where CHUNKING is announced; 0 once the mail server has refused it."};

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
    metrics.gauge(smtp_merging).set(counters.merging ? 1 : 0);
    metrics.gauge(smtp_chunking).set(counters.chunking ? 1 : 0);
    metrics.counter(smtp_lost_connections).raise_to(static_cast<double>(counters.lost_connections));
    metrics.counter(smtp_failed_connections)
        .raise_to(static_cast<double>(counters.failed_connections));
}

}  // namespace

void show_metrics(std::shared_ptr<const SmtpMailTransport> transport, runtime::Metrics& metrics) {
    metrics.on_collect([transport = std::move(transport), &metrics] {
        collect(metrics, transport->pool().counters());
    });
}

}  // namespace chatear::notification
