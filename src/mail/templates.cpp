#include "mail/templates.hpp"

#include "base/utf8.hpp"
#include "mail/characters.hpp"
#include "mail/template_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace chatear::mail {
namespace {

/// Line breaks and other control characters become one space; outer spaces go.
std::string one_line(std::string_view text) {
    std::string line;
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(1, utf8_character_length(text));
        const std::string_view character = text.substr(0, length);
        const bool blank = character == " " || is_control_character(character);
        if (!blank) {
            line += character;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
        text.remove_prefix(length);
    }
    if (line.ends_with(' ')) {
        line.pop_back();
    }
    return line;
}

using MaybeText = std::optional<std::string>;

Result<MaybeText> render_part(
    const std::optional<MustacheTemplate>& part,
    Escaping escaping,
    const boost::json::object& variables,
    std::set<std::string>& missing
) {
    if (!part) {
        return MaybeText();
    }
    auto text = part->render(variables, escaping, missing);
    if (!text) {
        return text.error();
    }
    return MaybeText(*std::move(text));
}

std::string_view text_of(const boost::json::object& variables, std::string_view name) {
    const boost::json::value* value = variables.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}

void add_names(std::set<std::string>& names, const std::optional<MustacheTemplate>& part) {
    if (part) {
        names.merge(part->names());
    }
}

}  // namespace

Result<RenderedEmail> Templates::render(
    std::string_view name, std::string_view locale, boost::json::object variables
) const {
    if (!is_template_name(name)) {
        return Error{"template_name is not 1 to 64 of the characters A-Z a-z 0-9 _ -"};
    }
    if (!locale.empty() && !is_template_name(locale)) {
        return Error{"locale is not 1 to 64 of the characters A-Z a-z 0-9 _ -"};
    }
    const Email* email = find(name, locale);
    if (email == nullptr) {
        return no_such_template(name, locale);
    }
    std::set<std::string> missing;
    RenderedEmail rendered;
    const auto subject = render_part(email->subject, Escaping::none, variables, missing);
    if (!subject) {
        return Error{fmt::format("template '{}': {}", name, subject.error().message)};
    }
    rendered.subject =
        one_line(*subject ? std::string_view(**subject) : text_of(variables, "subject"));
    variables["subject_line"] = rendered.subject;
    auto text = render_part(email->text, Escaping::none, variables, missing);
    auto html = render_part(email->html, Escaping::html, variables, missing);
    if (!text || !html) {
        const Error& error = text ? html.error() : text.error();
        return Error{fmt::format("template '{}': {}", name, error.message)};
    }
    rendered.text = *std::move(text);
    rendered.html = *std::move(html);
    rendered.missing_variables.assign(missing.begin(), missing.end());
    return rendered;
}

std::vector<std::string> Templates::names() const {
    std::vector<std::string> names;
    for (const auto& [name, locales] : emails_) {
        names.push_back(name);
    }
    return names;
}

std::vector<std::string> Templates::locales(std::string_view name) const {
    std::vector<std::string> locales;
    const auto found = emails_.find(name);
    if (found != emails_.end()) {
        for (const auto& [locale, email] : found->second) {
            locales.push_back(locale.empty() ? "default" : locale);
        }
    }
    return locales;
}

std::vector<std::string> Templates::variables(std::string_view name, std::string_view locale)
    const {
    std::set<std::string> names;
    if (const Email* email = find(name, locale)) {
        add_names(names, email->subject);
        add_names(names, email->text);
        add_names(names, email->html);
    }
    names.erase("subject_line");
    return {names.begin(), names.end()};
}

const Templates::Email* Templates::find(std::string_view name, std::string_view locale) const {
    const auto locales = emails_.find(name);
    if (locales == emails_.end()) {
        return nullptr;
    }
    for (const std::string& candidate : locale_fallbacks(locale)) {
        const auto email = locales->second.find(candidate);
        if (email != locales->second.end()) {
            return &email->second;
        }
    }
    return nullptr;
}

Error Templates::no_such_template(std::string_view name, std::string_view locale) const {
    const std::vector<std::string> there = locales(name);
    if (!there.empty()) {
        return Error{fmt::format(
            "template '{}' is not there for locale '{}': there is {}",
            name,
            locale,
            fmt::join(there, ", ")
        )};
    }
    return Error{
        fmt::format("there is no template '{}': there is {}", name, fmt::join(names(), ", "))};
}

}  // namespace chatear::mail
