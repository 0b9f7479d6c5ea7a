#include "admin/findings.hpp"

#include "admin/printable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chatear::admin {

Level Findings::worst() const {
    Level worst = Level::ok;
    for (const Finding& finding : list_) {
        worst = std::max(worst, finding.level);
    }
    return worst;
}

std::string_view to_word(Level level) {
    switch (level) {
        case Level::ok:
            return "ok";
        case Level::warning:
            return "warning";
        case Level::problem:
            return "problem";
    }
    return "";
}

boost::json::object to_json(const Findings& findings) {
    boost::json::array list;
    for (const Finding& finding : findings.list()) {
        boost::json::object entry = {{"state", to_word(finding.level)}};
        set_bytes(entry, "text", finding.text);
        if (!finding.remedy.empty()) {
            set_bytes(entry, "remedy", finding.remedy);
        }
        list.push_back(std::move(entry));
    }
    return {
        {"service", findings.service()},
        {"state", to_word(findings.worst())},
        {"findings", std::move(list)}};
}

std::string render(const Findings& findings) {
    std::string out;
    for (const Finding& finding : findings.list()) {
        const std::string service = fmt::format("{:<10}", findings.service());
        out +=
            fmt::format("{} {:<8} {}\n", service, to_word(finding.level), printable(finding.text));
        if (!finding.remedy.empty()) {
            out += fmt::format("{:20}-> {}\n", "", printable(finding.remedy));
        }
    }
    return out;
}

}  // namespace chatear::admin
