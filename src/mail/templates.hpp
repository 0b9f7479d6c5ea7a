#pragma once

#include "base/result.hpp"
#include "mail/mustache.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::mail {

/// What a template made.
struct RenderedEmail {
    std::string subject;  ///< One line.
    std::optional<std::string> text;
    std::optional<std::string> html;
    std::vector<std::string> missing_variables;  ///< Rendered as nothing; in order, each once.
};

/// All e-mail templates of a folder, checked when loaded, then only memory (docs/templates.md).
class Templates {
public:
    /// Reads and checks every file. The error names every mistake, one a line, with file and, where
    /// it has one, line; one in a file's name, size or encoding alone.
    static Result<Templates> load(const std::string& directory);

    /// The e-mail `name` for people of `locale` ("" = the default), which falls back: pt-BR, pt,
    /// the default, en. Beside `variables` a layout and the bodies know `subject_line`, the
    /// rendered subject. An Error: no such template (it says what there is), a name or locale that
    /// is none, or a result that is too large.
    Result<RenderedEmail> render(
        std::string_view name, std::string_view locale, boost::json::object variables
    ) const;

    std::vector<std::string> names() const;  ///< In order.
    std::vector<std::string> locales(std::string_view name
    ) const;  ///< "default" for the one without.

    /// What the template and the layout around it ask for, in order; empty where there is none.
    std::vector<std::string> variables(std::string_view name, std::string_view locale) const;

private:
    friend class TemplateCompiler;

    struct Email {
        std::optional<MustacheTemplate> subject;
        std::optional<MustacheTemplate> text;
        std::optional<MustacheTemplate> html;
    };
    using Locales = std::map<std::string, Email>;

    const Email* find(std::string_view name, std::string_view locale) const;
    Error no_such_template(std::string_view name, std::string_view locale) const;

    std::map<std::string, Locales, std::less<>> emails_;
};

}  // namespace chatear::mail
