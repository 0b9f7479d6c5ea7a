#pragma once

#include "base/result.hpp"
#include "mail/mustache.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::mail {

/// The sources of one template, layout or partial: by locale ("" = the default), then by part
/// ("subject", "text", "html").
using LocalisedSources = std::map<std::string, std::map<std::string, TemplateSource>>;

/// All `.mustache` files of a folder, read and not yet parsed.
struct TemplateFolder {
    std::map<std::string, LocalisedSources> templates;  ///< <name>[/<locale>]/<part>.mustache
    std::map<std::string, LocalisedSources>
        partials;             ///< partials/<name>[/<locale>]/<part>.mustache
    LocalisedSources layout;  ///< layout[/<locale>]/<part>.mustache
};

/// Names of templates, partials and locales: 1 to 64 of A-Z a-z 0-9 _ -, so never a path.
bool is_template_name(std::string_view name);

/// The form that locales are compared in: lower case, '-' for '_'.
std::string canonical_locale(std::string_view locale);

/// The locales to look for, in order: `pt-BR` gives "pt-br", "pt", "", "en".
std::vector<std::string> locale_fallbacks(std::string_view locale);

/// Reads the folder once. Hidden entries and files that do not end in `.mustache` are passed over.
/// An Error: it cannot be read, holds no template, or a file that has no place in it, is over
/// 256 KiB or is not UTF-8.
Result<TemplateFolder> read_template_folder(const std::string& directory);

}  // namespace chatear::mail
