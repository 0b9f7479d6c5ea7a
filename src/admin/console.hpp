#pragma once

#include <boost/json.hpp>

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::admin {

/// Where a command shows what it found: tables and records for people, or with --json one JSON
/// document on standard output. What accompanies it goes to standard error.
class Console {
public:
    /// `terminal`: somebody watches `errors`, so progress may be drawn there.
    Console(std::ostream& output, std::ostream& errors, bool json, bool terminal)
        : output_(output), errors_(errors), json_(json), terminal_(terminal) {}

    bool json() const { return json_; }
    bool terminal() const { return terminal_; }

    /// Rows (objects); people see `columns` of them, or `when_empty`.
    void list(
        const boost::json::array& rows,
        const std::vector<std::string_view>& columns,
        std::string_view when_empty
    );

    void record(const boost::json::object& record);

    /// What a command did: people read the sentence, programs the document.
    void result(std::string_view sentence, const boost::json::object& document);

    /// Text that is the result itself, as SQL or a rendered template. Nothing is escaped.
    void raw(std::string_view text);

    /// A remark for people, on standard error, with --json too.
    void note(std::string_view text);

    /// Redraws one line on standard error; empty = takes it away. Requires terminal().
    void draw(std::string_view line);

private:
    std::ostream& output_;
    std::ostream& errors_;
    bool json_;
    bool terminal_;
};

}  // namespace chatear::admin
