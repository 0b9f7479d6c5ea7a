#pragma once

#include "base/result.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::mail {

/// A template's text and where it was read from, for messages: "templates/welcome/text.mustache".
struct TemplateSource {
    std::string file;
    std::string text;
};

/// The source of the partial of that name, or nullptr where there is none. It must outlive the call
/// of parse() that it is given to.
using PartialLookup = std::function<const TemplateSource*(std::string_view name)>;

/// How variables in double braces are written.
enum class Escaping {
    none,  ///< As they are: subjects and plain text.
    html,  ///< & < > " ' as character references.
};

/// A parsed Mustache template (mustache.github.io/mustache.5.html): variables `{{a}}`, `{{{a}}}`,
/// `{{&a}}`, sections `{{#a}}`, inverted ones `{{^a}}`, partials `{{> a}}`, comments `{{! }}`,
/// dotted names and `{{.}}`. Tags that stand alone on a line take the line with them. Not part of
/// it: lambdas and other delimiters. Partials are put in place once, by parse().
///
/// Written by hand because what is in Debian re-parses partials at each use, recurses without end
/// in a partial that includes itself, has no bound on its output and does not say what was missing;
/// in tests it is the oracle.
class MustacheTemplate {
public:
    static constexpr std::size_t max_depth = 32;              ///< Of sections, and of partials.
    static constexpr std::size_t max_nodes = 20'000;          ///< With all partials in place.
    static constexpr std::size_t max_output_bytes = 2 << 20;  ///< Of one rendering.
    static constexpr std::size_t max_steps = 1'000'000;       ///< Of one rendering: nodes visited.

    /// The error begins with "file:line: ".
    static Result<MustacheTemplate> parse(
        const TemplateSource& source, const PartialLookup& partials
    );

    /// Numbers are written as people write them; true and false as these words; null, objects and
    /// lists as nothing. In a section null, false, "" and [] count as false. Names that a variable
    /// tag looked for in vain are added to `missing`. The error: more than the bounds above allow.
    Result<std::string> render(
        const boost::json::object& variables, Escaping escaping, std::set<std::string>& missing
    ) const;

    /// The names that the template asks for, sections' too, as they are written; without ".".
    std::set<std::string> names() const;

private:
    friend class MustacheParser;
    friend class MustacheRenderer;

    enum class Kind { text, variable, raw_variable, section, inverted_section };

    struct Node {
        Kind kind = Kind::text;
        std::string content;  // The text, or the name.
        std::size_t end = 0;  // Sections: the place behind their last node.
    };

    std::vector<Node> nodes_;  // A section's nodes follow it.
};

}  // namespace chatear::mail
