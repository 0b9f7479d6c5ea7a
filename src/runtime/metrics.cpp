#include "runtime/metrics.hpp"

#include "base/assert.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <sstream>
#include <utility>

namespace chatear::runtime {

struct Metrics::State {
    template <typename Metric>
    struct Declared {
        MetricDeclaration declaration;
        prometheus::Family<Metric>* family = nullptr;
    };
    template <typename Metric>
    using Families = std::map<std::string, Declared<Metric>>;

    prometheus::Registry registry;
    Families<prometheus::Counter> counters;
    Families<prometheus::Gauge> gauges;
    Families<prometheus::Histogram> histograms;
    std::vector<std::function<void()>> collectors;
};

namespace {

bool same(const MetricDeclaration& left, const MetricDeclaration& right) {
    return left.help == right.help && left.labels == right.labels && left.buckets == right.buckets;
}

prometheus::Labels labels_of(
    const MetricDeclaration& declaration, const std::vector<std::string>& values
) {
    CHATEAR_ASSERT(declaration.labels.size() == values.size());
    prometheus::Labels labels;
    for (std::size_t at = 0; at < values.size(); ++at) {
        labels[declaration.labels[at]] = values[at];
    }
    return labels;
}

// The family of that declaration; `build` makes a new one.
template <typename Families, typename Builder>
auto& family_of(
    Families& families,
    Builder build,
    prometheus::Registry& registry,
    const MetricDeclaration& declared
) {
    auto& entry = families[declared.name];
    if (entry.family == nullptr) {
        entry.declaration = declared;
        entry.family = &build.Name(declared.name).Help(declared.help).Register(registry);
    }
    CHATEAR_ASSERT(same(entry.declaration, declared));
    return *entry.family;
}

}  // namespace

void Counter::add(double by) {
    counter_->Increment(by);
}

void Counter::raise_to(double total) {
    const double missing = total - counter_->Value();
    if (missing > 0) {
        counter_->Increment(missing);
    }
}

void Gauge::set(double value) {
    gauge_->Set(value);
}

void Gauge::add(double by) {
    gauge_->Increment(by);
}

void Histogram::observe(double value) {
    histogram_->Observe(value);
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(
    const MetricDeclaration& declaration, const std::vector<std::string>& values
) {
    auto& family =
        family_of(state_->counters, prometheus::BuildCounter(), state_->registry, declaration);
    return Counter(family.Add(labels_of(declaration, values)));
}

Gauge Metrics::gauge(const MetricDeclaration& declaration, const std::vector<std::string>& values) {
    auto& family =
        family_of(state_->gauges, prometheus::BuildGauge(), state_->registry, declaration);
    return Gauge(family.Add(labels_of(declaration, values)));
}

Histogram Metrics::histogram(
    const MetricDeclaration& declaration, const std::vector<std::string>& values
) {
    CHATEAR_ASSERT(!declaration.buckets.empty());
    auto& family =
        family_of(state_->histograms, prometheus::BuildHistogram(), state_->registry, declaration);
    const prometheus::Histogram::BucketBoundaries bounds(
        declaration.buckets.begin(), declaration.buckets.end()
    );
    return Histogram(family.Add(labels_of(declaration, values), bounds));
}

void Metrics::on_collect(std::function<void()> collect) {
    state_->collectors.push_back(std::move(collect));
}

std::string Metrics::text() const {
    for (const std::function<void()>& collect : state_->collectors) {
        collect();
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, state_->registry.Collect());
    return text.str();
}

std::function<void(std::string_view, std::chrono::nanoseconds)> Metrics::outcome_observer(
    const std::string& subject
) {
    const MetricDeclaration events = {
        .name = "chatear_events_total",
        .help = "Deliveries that came to an end, by what became of them.",
        .labels = {"subject", "outcome"},
    };
    const MetricDeclaration duration = {
        .name = "chatear_event_duration_seconds",
        .help =
            "From an event's delivery to the end of its handler, or to its dead letter where it "
            "gets none.",
        .labels = {"subject"},
        .buckets = duration_buckets(),
    };
    Histogram durations = histogram(duration, {subject});
    // Outcomes come from an enum, so there are few.
    std::map<std::string, Counter, std::less<>> counters;
    return [=, this](std::string_view outcome, std::chrono::nanoseconds took) mutable {
        auto found = counters.find(outcome);
        if (found == counters.end()) {
            const Counter made = counter(events, {subject, std::string(outcome)});
            found = counters.emplace(std::string(outcome), made).first;
        }
        found->second.add();
        durations.observe(std::chrono::duration<double>(took).count());
    };
}

void Metrics::possible_duplicate(const std::string& cause) {
    const MetricDeclaration declaration = {
        .name = "chatear_possible_duplicates_total",
        .help = "Effects that may have happened twice, by the reason why that is not known.",
        .labels = {"cause"},
    };
    counter(declaration, {cause}).add();
}

std::vector<MetricDeclaration> Metrics::declared() const {
    std::map<std::string, MetricDeclaration> all;
    const auto gather = [&all](const auto& families) {
        for (const auto& [name, entry] : families) {
            all[name] = entry.declaration;
        }
    };
    gather(state_->counters);
    gather(state_->gauges);
    gather(state_->histograms);
    std::vector<MetricDeclaration> list;
    for (const auto& [name, declaration] : all) {
        list.push_back(declaration);
    }
    return list;
}

std::vector<double> duration_buckets() {
    return {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 300};
}

}  // namespace chatear::runtime
