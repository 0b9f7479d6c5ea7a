#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace chatear::runtime {

/// How a metric is declared, once, by the module that keeps it. Its name begins with `chatear_` and
/// ends in its base unit; `_total` is for counters alone. What a label can say comes from an enum
/// or from our configuration, never from an event.
struct MetricDeclaration {
    std::string name;
    std::string help;                   ///< One sentence for /metrics and the table in the docs.
    std::vector<std::string> labels{};  ///< Names.
    std::vector<double> buckets{};      ///< Upper bounds; histograms alone.
};

/// What only goes up. Cheap to copy and to bump; lives as long as its Metrics.
class Counter {
public:
    explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}

    void add(double by = 1);

    /// For a count that is kept elsewhere; one that went back is left as it is.
    void raise_to(double total);

private:
    prometheus::Counter* counter_;
};

/// What goes up and down.
class Gauge {
public:
    explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}

    void set(double value);
    void add(double by);

private:
    prometheus::Gauge* gauge_;
};

/// How often a value fell into which bucket.
class Histogram {
public:
    explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}

    void observe(double value);

private:
    prometheus::Histogram* histogram_;
};

/// The metrics of one process.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The one with these values of its labels, in their order. The same declaration may be given
    /// again; another one of the same name asserts. Look it up once, not at each bump.
    Counter counter(
        const MetricDeclaration& declaration, const std::vector<std::string>& values = {}
    );
    Gauge gauge(const MetricDeclaration& declaration, const std::vector<std::string>& values = {});
    Histogram histogram(
        const MetricDeclaration& declaration, const std::vector<std::string>& values = {}
    );

    /// Called before each text(): the place to set what is cheaper to look at than to keep.
    void on_collect(std::function<void()> collect);

    /// All of it in Prometheus' text format, version 0.0.4.
    std::string text() const;

    /// `chatear_events_total` and `chatear_event_duration_seconds` of one subject, as a Consumer
    /// calls it (OutcomeObserver).
    std::function<void(std::string_view outcome, std::chrono::nanoseconds took)> outcome_observer(
        const std::string& subject
    );

    /// `chatear_possible_duplicates_total`: an effect may have happened twice; `cause`: "in_doubt",
    /// "taken_over", "recovery_mail".
    void possible_duplicate(const std::string& cause);

    /// What was declared so far, by name.
    std::vector<MetricDeclaration> declared() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Bounds for durations from 1 ms to 5 min, in seconds.
std::vector<double> duration_buckets();

}  // namespace chatear::runtime
