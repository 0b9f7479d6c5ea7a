#include "sink/tally.hpp"

#include "base/json.hpp"

#include <boost/json.hpp>

#include <ctime>
#include <functional>

namespace chatear::bench {
namespace {

constexpr std::size_t shown_bytes = 2000;

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Fault Tally::add(std::string_view content, std::string_view recipient, bool in_chunks) {
    const CheckedMessage checked = check_message(content, recipient, with_trailers_);
    last_ns_ = monotonic_ns();
    if (messages_ == 0) {
        first_ns_ = last_ns_;
    }
    ++messages_;
    bytes_ += content.size();
    in_chunks_ += in_chunks ? 1 : 0;
    ++faults_.at(static_cast<std::size_t>(checked.fault));
    const std::hash<std::string_view> hash;
    message_ids_.insert(hash(checked.message_id));
    if (checked.fault != Fault::none) {
        if (first_fault_.empty()) {
            first_fault_ = content.substr(0, shown_bytes);
        }
        return checked.fault;
    }
    if (with_trailers_) {
        body_ids_.insert(hash(checked.body_id));
    }
    if (times_.is_open()) {
        times_ << last_ns_ << ' ' << checked.body_id << '\n';
    }
    return Fault::none;
}

std::string Tally::report() {
    times_.flush();
    boost::json::object faults;
    for (int number = 1; number < fault_count; ++number) {
        const std::uint64_t count = faults_.at(static_cast<std::size_t>(number));
        if (count != 0) {
            faults[name_of(static_cast<Fault>(number))] = count;
        }
    }
    boost::json::object report;
    report["messages"] = messages_;
    report["bytes"] = bytes_;
    report["seconds"] = static_cast<double>(last_ns_ - first_ns_) / 1e9;  // First to last.
    report["in_chunks"] = in_chunks_;
    report["distinct_message_ids"] = message_ids_.size();
    report["distinct_bodies"] = body_ids_.size();
    report["connections"] = connections_;
    report["refused_commands"] = refusals_;
    report["bad"] = messages_ - faults_[0];
    report["faults"] = std::move(faults);
    report["first_bad"] = first_fault_;
    return to_json_text(report);
}

}  // namespace chatear::bench
