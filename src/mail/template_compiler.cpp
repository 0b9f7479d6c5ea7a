#include "mail/characters.hpp"
#include "mail/template_folder.hpp"
#include "mail/templates.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chatear::mail {
namespace {

const TemplateSource* find_part(
    const LocalisedSources& sources, std::string_view locale, const std::string& part
) {
    for (const std::string& candidate : locale_fallbacks(locale)) {
        const auto found = sources.find(candidate);
        if (found != sources.end() && found->second.contains(part)) {
            return &found->second.at(part);
        }
    }
    return nullptr;
}

bool is_whole_document(std::string_view html) {
    const std::size_t begin = std::min(html.find_first_not_of(" \t\r\n"), html.size());
    return equal_ignoring_case(html.substr(begin, 9), "<!doctype");
}

}  // namespace

/// Parses everything of a folder and collects what is wrong.
class TemplateCompiler {
public:
    explicit TemplateCompiler(const TemplateFolder& folder) : folder_(folder) {}

    Result<Templates> compile() {
        for (const auto& [name, sources] : folder_.templates) {
            for (const auto& [locale, parts] : sources) {
                check_parts(name, sources, parts);
                templates_.emails_[name][locale] = compile_email(locale, parts);
            }
        }
        check_partials();
        if (mistakes_.empty()) {
            return std::move(templates_);
        }
        return Error{fmt::format("{}", fmt::join(mistakes_, "\n"))};
    }

private:
    using Parts = std::map<std::string, TemplateSource>;

    /// Every locale of a template must have what its siblings have: else its reader would get a
    /// mail in two languages.
    void check_parts(const std::string& name, const LocalisedSources& all, const Parts& parts) {
        for (const auto& [locale, sibling] : all) {
            for (const auto& [part, source] : sibling) {
                if (!parts.contains(part)) {
                    note(fmt::format(
                        "{}: there is no {}.mustache beside it, as {} is",
                        parts.begin()->second.file,
                        part,
                        source.file
                    ));
                }
            }
        }
        if (!parts.contains("text") && !parts.contains("html")) {
            note(fmt::format("template {} has neither text.mustache nor html.mustache", name));
        }
    }

    Templates::Email compile_email(const std::string& locale, const Parts& parts) {
        Templates::Email email;
        email.subject = compile_part("subject", locale, parts);
        email.text = compile_part("text", locale, parts);
        email.html = compile_part("html", locale, parts);
        return email;
    }

    /// The part within its layout, in which `{{> content}}` is the part itself.
    std::optional<MustacheTemplate> compile_part(
        const std::string& part, const std::string& locale, const Parts& parts
    ) {
        const auto own = parts.find(part);
        if (own == parts.end()) {
            return std::nullopt;
        }
        const bool whole =
            part == "subject" || (part == "html" && is_whole_document(own->second.text));
        const TemplateSource* layout = whole ? nullptr : find_part(folder_.layout, locale, part);
        if (layout == nullptr) {
            return parse(own->second, partials_for(part, locale, nullptr));
        }
        return parse(*layout, partials_for(part, locale, &own->second));
    }

    /// A partial that no template uses is checked as well: it will be used some day.
    void check_partials() {
        for (const auto& [name, sources] : folder_.partials) {
            for (const auto& [locale, parts] : sources) {
                for (const auto& [part, source] : parts) {
                    parse(source, partials_for(part, locale, nullptr));
                }
            }
        }
    }

    /// What partials' names mean inside a part of that locale; `content` is the layout's own.
    PartialLookup partials_for(
        const std::string& part, const std::string& locale, const TemplateSource* content
    ) {
        return [this, part, locale, content](std::string_view name) -> const TemplateSource* {
            if (name == "content") {
                return content;
            }
            const auto found = folder_.partials.find(std::string(name));
            return found == folder_.partials.end() ? nullptr
                                                   : find_part(found->second, locale, part);
        };
    }

    std::optional<MustacheTemplate> parse(
        const TemplateSource& source, const PartialLookup& partials
    ) {
        auto parsed = MustacheTemplate::parse(source, partials);
        if (!parsed) {
            note(parsed.error().message);
            return std::nullopt;
        }
        return *std::move(parsed);
    }

    void note(std::string mistake) {
        if (std::find(mistakes_.begin(), mistakes_.end(), mistake) == mistakes_.end()) {
            mistakes_.push_back(std::move(mistake));
        }
    }

    const TemplateFolder& folder_;
    Templates templates_;
    std::vector<std::string> mistakes_;
};

Result<Templates> Templates::load(const std::string& directory) {
    const auto folder = read_template_folder(directory);
    if (!folder) {
        return folder.error();
    }
    return TemplateCompiler(*folder).compile();
}

}  // namespace chatear::mail
