// What a worker shows of itself: health, readiness, metrics.
#include "base/log.hpp"
#include "runtime/worker.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::runtime {
namespace {

const MetricDeclaration received{
    .name = "chatear_events_received_total",
    .help = "Deliveries taken from JetStream.",
    .labels = {"subject"}};
const MetricDeclaration already_final{
    .name = "chatear_events_already_final_total",
    .help = "Deliveries of events that had ended before: acknowledged, nothing done.",
    .labels = {"subject"}};
const MetricDeclaration held_elsewhere{
    .name = "chatear_events_held_elsewhere_total",
    .help = "Deliveries of events that another living process had in hand.",
    .labels = {"subject"}};
const MetricDeclaration dropped{
    .name = "chatear_verdicts_dropped_total",
    .help = "Verdicts that matched no claim any more.",
    .labels = {"subject"}};
const MetricDeclaration in_hand{
    .name = "chatear_events_in_hand",
    .help = "Events between delivery and acknowledgement.",
    .labels = {"subject"}};
const MetricDeclaration bytes_in_hand{
    .name = "chatear_events_in_hand_bytes",
    .help = "What they weigh against MEMORY_BUDGET.",
    .labels = {"subject"}};
const MetricDeclaration paused{
    .name = "chatear_consumer_paused",
    .help = "1 while the consumer waits for a dependency, else 0.",
    .labels = {"subject"}};
const MetricDeclaration outbox_published{
    .name = "chatear_outbox_published_total", .help = "Outbox rows that JetStream took."};
const MetricDeclaration outbox_refused{
    .name = "chatear_outbox_refused_total",
    .help = "Outbox rows that JetStream refuses for their own sake."};
const MetricDeclaration outbox_put_back{
    .name = "chatear_outbox_put_back_total", .help = "Outbox rows whose stream was not there."};
const MetricDeclaration dependency_up{
    .name = "chatear_dependency_up",
    .help = "1 while the dependency answers, else 0.",
    .labels = {"dependency"}};

}  // namespace

void Worker::serve_http() {
    if (!config_.settings.http_listen) {
        return;
    }
    metrics_.on_collect([this] { collect_metrics(); });
    http::Router router;
    add_health_routes(
        router, clock_, [this] { return readiness(); }, [this] { return metrics_.text(); }
    );
    http_ = std::make_unique<http::Server>(
        executor_, *config_.settings.http_listen, std::move(router), http::ServerOptions{}
    );
    http_->start();
    const std::string address =
        fmt::format("{}:{}", config_.settings.http_listen->host, http_->port());
    log::info("serving health and metrics over http", {{"address", address}});
}

std::vector<DependencyState> Worker::readiness() const {
    std::vector<DependencyState> states;
    states.push_back({"nats", nats_.connected(), nats_.last_error()});
    if (pool_) {
        states.push_back({"postgres", pool_->available(), pool_->last_error()});
    }
    for (const auto& service : services_) {
        states.push_back({service->name(), service->available(), service->trouble()});
    }
    if (!starting_.empty()) {
        states.push_back({"start", false, "waits for " + starting_});
        return states;
    }
    for (const auto& subject : subjects_) {
        const Brake& brake = subject->consumer->brake();
        std::string trouble = subject->source->trouble();
        if (brake.state() != Brake::State::open) {
            trouble = "paused: " + brake.dependency() + " is down";
        }
        const bool well = trouble.empty();
        states.push_back({"consumer " + subject->consumer->subject(), well, std::move(trouble)});
    }
    for (const auto& task : own_tasks_) {
        states.push_back({task->name(), task->trouble().empty(), task->trouble()});
    }
    if (relay_) {
        states.push_back({"outbox", relay_->status().trouble.empty(), relay_->status().trouble});
    }
    return states;
}

void Worker::collect_metrics() {
    for (const auto& subject : subjects_) {
        const std::vector<std::string> label(1, subject->consumer->subject());
        const ConsumerStatus& status = subject->consumer->status();
        metrics_.counter(received, label).raise_to(static_cast<double>(status.received));
        metrics_.counter(already_final, label).raise_to(static_cast<double>(status.already_final));
        metrics_.counter(held_elsewhere, label)
            .raise_to(static_cast<double>(status.held_elsewhere));
        metrics_.counter(dropped, label).raise_to(static_cast<double>(status.dropped));
        metrics_.gauge(in_hand, label).set(static_cast<double>(status.in_hand));
        metrics_.gauge(bytes_in_hand, label).set(static_cast<double>(status.bytes_in_hand));
        metrics_.gauge(paused, label)
            .set(subject->consumer->brake().state() == Brake::State::open ? 0 : 1);
    }
    if (relay_) {
        metrics_.counter(outbox_published)
            .raise_to(static_cast<double>(relay_->status().published));
        metrics_.counter(outbox_refused).raise_to(static_cast<double>(relay_->status().refused));
        metrics_.counter(outbox_put_back).raise_to(static_cast<double>(relay_->status().put_back));
    }
    for (const DependencyState& state : readiness()) {
        metrics_.gauge(dependency_up, std::vector<std::string>(1, state.name))
            .set(state.available ? 1 : 0);
    }
    metrics_.gauge(dependency_up, std::vector<std::string>(1, "start"))
        .set(starting_.empty() ? 1 : 0);
}

}  // namespace chatear::runtime
