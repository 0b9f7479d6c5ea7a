#include "nats/declaration.hpp"

#include "base/error.hpp"
#include "base/randomness.hpp"
#include "net/timer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace chatear::nats {
namespace {

/// Two that create one consumer within the same milliseconds may get one that delivers to nobody
/// (nats-server 2.9.10: one time in ten). Workers that start together do not start here together.
asio::awaitable<void> wait_apart() {
    std::uniform_int_distribution<int> milliseconds(0, 250);
    const std::chrono::milliseconds pause(milliseconds(random_engine()));
    co_await net::sleep_for(pause);
}

double seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

/// Collects what differs, one text a field.
class Differences {
public:
    template <typename Value>
    void compare(std::string_view field, const Value& declared, const Value& existing) {
        if (!(declared == existing)) {
            texts_.push_back(fmt::format("{} is {}, declared is {}", field, existing, declared));
        }
    }

    void add(std::string text) { texts_.push_back(std::move(text)); }

    Plan plan() && {
        using Action = Plan::Action;
        const Action action = texts_.empty() ? Action::use_as_it_is : Action::use_with_differences;
        return {action, std::move(texts_)};
    }

private:
    std::vector<std::string> texts_;
};

bool covers_any(const std::vector<std::string>& patterns, std::string_view subject) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return subject_covers(pattern, subject);
    });
}

std::string unusable_because(const ConsumerConfig& declared, const ConsumerConfig& existing) {
    if (!existing.deliver_subject.empty()) {
        return "it pushes to " + existing.deliver_subject + " instead of being pulled from";
    }
    if (existing.ack_policy != declared.ack_policy) {
        return "its ack policy is " + existing.ack_policy + ", not " + declared.ack_policy;
    }
    std::vector<std::string> filters = existing.filter_subjects;
    if (!existing.filter_subject.empty()) {
        filters.push_back(existing.filter_subject);
    }
    if (!filters.empty() && !covers_any(filters, declared.filter_subject)) {
        return "it delivers " + fmt::format("{}", fmt::join(filters, ", ")) + ", not " +
               declared.filter_subject;
    }
    return {};
}

}  // namespace

StreamConfig to_config(const StreamDeclaration& declaration, std::size_t max_payload) {
    StreamConfig config;
    config.name = declaration.name;
    config.subjects = declaration.subjects;
    config.retention = declaration.retention;
    config.replicas = declaration.replicas;
    config.max_age = declaration.max_age;
    if (declaration.retention == Retention::work_queue && max_payload > header_reserve_bytes) {
        config.max_message_bytes = static_cast<std::int64_t>(max_payload - header_reserve_bytes);
    }
    if (config.max_age > std::chrono::nanoseconds::zero()) {
        // The server refuses a window longer than the age.
        config.duplicate_window = std::min(config.duplicate_window, config.max_age);
    }
    return config;
}

ConsumerConfig to_config(const ConsumerDeclaration& declaration) {
    ConsumerConfig config;
    config.durable_name = declaration.durable;
    config.filter_subject = declaration.filter_subject;
    config.ack_wait = declaration.ack_wait;
    config.max_ack_pending = declaration.max_ack_pending;
    return config;
}

Plan plan(const StreamConfig& declared, const std::optional<StreamConfig>& existing) {
    if (!existing) {
        return {};
    }
    Differences differences;
    differences.compare("name", declared.name, existing->name);
    for (const std::string& subject : declared.subjects) {
        if (!covers_any(existing->subjects, subject)) {
            differences.add(fmt::format("it does not take {}", subject));
        }
    }
    differences.compare("retention", name_of(declared.retention), name_of(existing->retention));
    differences.compare("storage in files", declared.file_storage, existing->file_storage);
    differences.compare("replicas", declared.replicas, existing->replicas);
    differences.compare("max_msg_size", declared.max_message_bytes, existing->max_message_bytes);
    differences.compare(
        "max_age in seconds", seconds(declared.max_age), seconds(existing->max_age)
    );
    differences.compare("max_msgs", declared.max_messages, existing->max_messages);
    differences.compare("max_bytes", declared.max_bytes, existing->max_bytes);
    differences.compare(
        "duplicate_window in seconds",
        seconds(declared.duplicate_window),
        seconds(existing->duplicate_window)
    );
    return std::move(differences).plan();
}

Plan plan(const ConsumerConfig& declared, const std::optional<ConsumerConfig>& existing) {
    if (!existing) {
        return {};
    }
    const std::string obstacle = unusable_because(declared, *existing);
    if (!obstacle.empty()) {
        return {Plan::Action::unusable, {obstacle}};
    }
    Differences differences;
    if (existing->filter_subject != declared.filter_subject || !existing->filter_subjects.empty()) {
        differences.add("it delivers more than " + declared.filter_subject);
    }
    differences.compare(
        "ack_wait in seconds", seconds(declared.ack_wait), seconds(existing->ack_wait)
    );
    differences.compare("max_ack_pending", declared.max_ack_pending, existing->max_ack_pending);
    differences.compare("max_deliver", declared.max_deliver, existing->max_deliver);
    differences.compare("max_waiting", declared.max_waiting, existing->max_waiting);
    differences.compare("deliver policy", declared.deliver_policy, existing->deliver_policy);
    return std::move(differences).plan();
}

namespace {

/// The stream, under any name, that takes the first of the subjects; nothing when there is none.
asio::awaitable<ApiResult<std::optional<StreamInfo>>> find_stream(
    JetStream& jetstream, StreamDeclaration declaration
) {
    const auto names = co_await jetstream.stream_names(declaration.subjects.front());
    if (!names) {
        co_return names.error();
    }
    std::string name = declaration.name;
    if (!names->empty() && std::find(names->begin(), names->end(), name) == names->end()) {
        name = names->front();
    }
    const ApiResult<StreamInfo> info = co_await jetstream.stream_info(name);
    if (info) {
        co_return std::optional<StreamInfo>(*info);
    }
    if (info.error().stream_not_found()) {
        co_return std::optional<StreamInfo>();
    }
    co_return info.error();
}

}  // namespace

asio::awaitable<ApiResult<ReconciledStream>> reconcile(
    JetStream& jetstream, StreamDeclaration declaration
) {
    ReconciledStream reconciled;
    const ApiResult<std::optional<StreamInfo>> found = co_await find_stream(jetstream, declaration);
    if (!found) {
        co_return found.error();
    }
    const StreamConfig declared = to_config(declaration, jetstream.connection().max_payload());
    if (*found) {
        reconciled.info = **found;
        reconciled.differences = plan(declared, reconciled.info.config).differences;
        co_return reconciled;
    }
    ApiResult<StreamInfo> created = co_await jetstream.create_stream(declared);
    if (!created && created.error().stream_name_in_use()) {
        // Another process was faster, with a declaration that differs from ours.
        created = co_await jetstream.stream_info(declaration.name);
    }
    if (!created) {
        co_return created.error();
    }
    reconciled.info = *created;
    reconciled.created = true;
    reconciled.differences = plan(declared, reconciled.info.config).differences;
    co_return reconciled;
}

asio::awaitable<ApiResult<ReconciledConsumer>> reconcile(
    JetStream& jetstream, ConsumerDeclaration declaration
) {
    ReconciledConsumer reconciled;
    const ApiResult<ReconciledStream> stream = co_await reconcile(jetstream, declaration.stream);
    if (!stream) {
        co_return stream.error();
    }
    reconciled.stream = *stream;
    const std::string name = reconciled.stream.info.config.name;
    const ConsumerConfig declared = to_config(declaration);
    ApiResult<ConsumerInfo> info = co_await jetstream.consumer_info(name, declaration.durable);
    if (!info && info.error().consumer_not_found()) {
        co_await wait_apart();
        info = co_await jetstream.consumer_info(name, declaration.durable);
    }
    if (!info && info.error().consumer_not_found()) {
        info = co_await jetstream.create_consumer(name, declared);
        reconciled.created = true;
    }
    if (!info) {
        co_return info.error();
    }
    reconciled.info = *info;
    Plan compared = plan(declared, reconciled.info.config);
    if (compared.action == Plan::Action::unusable) {
        co_return ApiError{
            0,
            0,
            "consumer " + declaration.durable + " cannot be used: " + compared.differences.front()};
    }
    reconciled.differences = std::move(compared.differences);
    co_return reconciled;
}

}  // namespace chatear::nats
