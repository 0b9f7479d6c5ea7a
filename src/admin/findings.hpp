#pragma once

#include <boost/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace chatear::admin {

enum class Level { ok, warning, problem };

/// One thing that doctor looked at.
struct Finding {
    Level level = Level::ok;
    std::string text;
    std::string remedy;  ///< How to mend it; empty when all is well.
};

/// What doctor found out about one service.
class Findings {
public:
    explicit Findings(std::string service) : service_(std::move(service)) {}

    void ok(std::string text) { list_.push_back({Level::ok, std::move(text), ""}); }
    void warning(std::string text, std::string remedy) {
        list_.push_back({Level::warning, std::move(text), std::move(remedy)});
    }
    void problem(std::string text, std::string remedy) {
        list_.push_back({Level::problem, std::move(text), std::move(remedy)});
    }

    const std::string& service() const { return service_; }
    const std::vector<Finding>& list() const { return list_; }
    Level worst() const;

private:
    std::string service_;
    std::vector<Finding> list_;
};

std::string_view to_word(Level level);  ///< "ok", "warning", "problem".

/// {"service", "state", "findings": [{"state", "text", "remedy"?}]}
boost::json::object to_json(const Findings& findings);

/// The same for people, one line a finding, the remedy below it.
std::string render(const Findings& findings);

}  // namespace chatear::admin
