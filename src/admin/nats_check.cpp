#include "admin/checks.hpp"
#include "deletion/deletion_service.hpp"
#include "nats/declaration.hpp"
#include "notification/email_service.hpp"
#include "runtime/streams.hpp"
#include "runtime/verdict.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::admin {
namespace {

constexpr int any_replicas = 1;  // NATS_REPLICAS is for streams that are made: not compared.

struct Handled {
    std::string_view worker;
    const char* subject;
    runtime::StreamOptions (*stream)();
};
constexpr Handled all_handled[] = {
    {notification::worker_name, notification::email_subject, notification::email_stream},
    {deletion::worker_name, deletion::delete_subject, deletion::users_stream},
    {deletion::worker_name, deletion::recover_subject, deletion::users_stream},
};

/// What the workers declare, by which doctor compares what exists.
nats::ConsumerDeclaration expected_consumer(const Handled& handled) {
    return runtime::declare_consumer(
        handled.worker, handled.subject, handled.stream(), any_replicas
    );
}

std::vector<nats::StreamDeclaration> expected_streams() {
    std::vector<nats::StreamDeclaration> streams;
    for (const Handled& handled : all_handled) {
        nats::StreamDeclaration stream = expected_consumer(handled).stream;
        if (streams.empty() || streams.back().name != stream.name) {
            streams.push_back(std::move(stream));
        }
    }
    streams.push_back(
        runtime::declare_told_events(notification::email_told_subjects(), any_replicas)
    );
    streams.push_back(runtime::declare_dead_letters(any_replicas));
    return streams;
}

bool older_than_2_10(std::string_view version) {
    int major = 0;
    int minor = 0;
    const char* end = version.data() + version.size();
    const auto [dot, error] = std::from_chars(version.data(), end, major);
    if (error != std::errc() || dot == end) {
        return false;
    }
    std::from_chars(dot + 1, end, minor);
    return major < 2 || (major == 2 && minor < 10);
}

void judge_server(const nats::Connection& connection, Findings& findings) {
    const nats::ServerInfo& server = connection.server();
    findings.ok(fmt::format(
        "nats-server {} at {}, max_payload {} bytes",
        server.version,
        connection.peer(),
        server.max_payload
    ));
    if (older_than_2_10(server.version)) {
        findings.warning(
            "this server syncs accepted events to disk once a minute: a power failure can take a "
            "minute of them",
            "nats-server 2.10 or later with jetstream { sync_interval: always }"
        );
    } else {
        findings.ok(
            "sync_interval cannot be asked for: unless its configuration says always, the last 2 "
            "minutes are not on disk"
        );
    }
}

void judge_plan(const std::string& what, const nats::Plan& plan, Findings& findings) {
    const std::string differences = fmt::format("{}", fmt::join(plan.differences, "; "));
    switch (plan.action) {
        case nats::Plan::Action::create:
            findings.warning(what + " is not there yet", "a worker makes it at its start");
            break;
        case nats::Plan::Action::use_as_it_is:
            findings.ok(what + " is as declared");
            break;
        case nats::Plan::Action::use_with_differences:
            findings.warning(
                what + " differs: " + differences,
                "it is used as it is; change it with NATS' own tools if it is not meant so"
            );
            break;
        case nats::Plan::Action::unusable:
            findings.problem(
                what + " cannot be used: " + differences, "delete it, or give it another name"
            );
            break;
    }
}

void judge_dead_letters(std::uint64_t count, Findings& findings) {
    if (count == 0) {
        findings.ok("no dead letters");
    } else {
        findings.warning(fmt::format("{} dead letters wait", count), "chatear dlq list");
    }
}

asio::awaitable<void> check_stream(
    nats::JetStream* jetstream, nats::StreamDeclaration declared, Findings& findings
) {
    std::string subject = declared.subjects.front();
    auto found = co_await jetstream->stream_names(subject);
    const std::vector<std::string> names = value_or_end(std::move(found), "JetStream");
    std::string what = "stream " + declared.name;
    if (names.empty()) {
        const nats::Plan missing;
        judge_plan(what, missing, findings);
        co_return;
    }
    if (names.front() != declared.name) {
        what += " (here: " + names.front() + ")";
    }
    auto asked = co_await jetstream->stream_info(names.front());
    const nats::StreamInfo info = value_or_end(std::move(asked), what);
    declared.name = info.config.name;
    declared.replicas = info.config.replicas;
    const nats::StreamConfig wanted =
        nats::to_config(declared, jetstream->connection().max_payload());
    judge_plan(what, nats::plan(wanted, info.config), findings);
    if (subject == runtime::dead_letter_subject(">")) {
        judge_dead_letters(info.messages, findings);
    }
}

asio::awaitable<void> check_consumer(
    nats::JetStream* jetstream, const Handled& handled, Findings& findings
) {
    const nats::ConsumerDeclaration declared = expected_consumer(handled);
    auto found = co_await jetstream->stream_names(declared.filter_subject);
    const std::vector<std::string> names = value_or_end(std::move(found), "JetStream");
    if (names.empty()) {
        co_return;  // Said of the stream.
    }
    const nats::ApiResult<nats::ConsumerInfo> info =
        co_await jetstream->consumer_info(names.front(), declared.durable);
    const std::string what = "consumer " + declared.durable;
    if (!info) {
        if (!info.error().consumer_not_found()) {
            throw CommandFailed(ExitCode::failed, what + ": " + info.error().text());
        }
        judge_plan(what, nats::Plan(), findings);
        co_return;
    }
    judge_plan(what, nats::plan(nats::to_config(declared), info->config), findings);
    findings.ok(fmt::format(
        "{}: {} events wait, {} are in hand", what, info->num_pending, info->num_ack_pending
    ));
    if (info->num_waiting == 0) {
        findings.warning("nobody pulls from " + what, fmt::format("start a {}", handled.worker));
    }
}

}  // namespace

asio::awaitable<void> check_nats(Tool& tool, std::shared_ptr<Findings> findings) {
    nats::JetStream* jetstream = co_await tool.jetstream();
    judge_server(jetstream->connection(), *findings);
    if (!jetstream->connection().server().jetstream) {
        findings->problem(
            "JetStream is off", "add jetstream { store_dir: ... } to the server's configuration"
        );
        co_return;
    }
    for (nats::StreamDeclaration& declared : expected_streams()) {
        co_await check_stream(jetstream, declared, *findings);
    }
    for (const Handled& handled : all_handled) {
        co_await check_consumer(jetstream, handled, *findings);
    }
}

}  // namespace chatear::admin
