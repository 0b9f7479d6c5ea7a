#include "mail/template_folder.hpp"

#include "mail/characters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace chatear::mail {
namespace {

namespace filesystem = std::filesystem;

constexpr std::uintmax_t max_file_bytes = 256 * 1024;

Result<TemplateSource> read_source(const filesystem::path& path) {
    const auto size = filesystem::file_size(path);
    if (size > max_file_bytes) {
        return Error{fmt::format("{} is over 256 KiB", path.string())};
    }
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (file.bad() || text.size() != size) {
        return Error{fmt::format("{} cannot be read", path.string())};
    }
    if (!is_utf8(text) || text.find('\0') != std::string::npos) {
        return Error{fmt::format("{} is not UTF-8 text", path.string())};
    }
    return TemplateSource{path.string(), std::move(text)};
}

/// What is in `folder`, in order of name, without what is hidden.
std::vector<filesystem::path> entries_of(const filesystem::path& folder) {
    std::vector<filesystem::path> entries;
    for (const auto& entry : filesystem::directory_iterator(folder)) {
        if (!entry.path().filename().string().starts_with('.')) {
            entries.push_back(entry.path());
        }
    }
    std::sort(entries.begin(), entries.end());
    return entries;
}

Result<void> add_file(
    LocalisedSources& sources, const std::string& locale, const filesystem::path& path
) {
    if (path.extension() != ".mustache") {
        return {};
    }
    const std::string part = path.stem().string();
    if (part != "subject" && part != "text" && part != "html") {
        return Error{fmt::format(
            "{} has no place there: only subject.mustache, text.mustache and html.mustache do",
            path.string()
        )};
    }
    auto source = read_source(path);
    if (!source) {
        return source.error();
    }
    sources[locale].emplace(part, *std::move(source));
    return {};
}

Result<void> add_locale(LocalisedSources& sources, const filesystem::path& folder) {
    const std::string locale = canonical_locale(folder.filename().string());
    if (!is_template_name(locale)) {
        return Error{fmt::format("{} is no name of a locale", folder.string())};
    }
    for (const filesystem::path& path : entries_of(folder)) {
        const Result<void> added = add_file(sources, locale, path);
        if (!added) {
            return added;
        }
    }
    return {};
}

Result<LocalisedSources> read_localised(const filesystem::path& folder) {
    LocalisedSources sources;
    if (!is_template_name(folder.filename().string())) {
        return Error{fmt::format("{} is no name of a template", folder.string())};
    }
    for (const filesystem::path& path : entries_of(folder)) {
        const Result<void> added = filesystem::is_directory(path) ? add_locale(sources, path)
                                                                  : add_file(sources, "", path);
        if (!added) {
            return added.error();
        }
    }
    return sources;
}

Result<void> read_all(
    const filesystem::path& folder, std::map<std::string, LocalisedSources>& into
) {
    for (const filesystem::path& path : entries_of(folder)) {
        const std::string name = path.filename().string();
        if (!filesystem::is_directory(path) || name == "layout" || name == "partials") {
            continue;
        }
        auto sources = read_localised(path);
        if (!sources) {
            return sources.error();
        }
        if (!sources->empty()) {
            into.emplace(name, *std::move(sources));
        }
    }
    return {};
}

Result<TemplateFolder> read_folder(const filesystem::path& directory) {
    TemplateFolder folder;
    const Result<void> templates = read_all(directory, folder.templates);
    if (!templates) {
        return templates.error();
    }
    if (filesystem::is_directory(directory / "partials")) {
        const Result<void> partials = read_all(directory / "partials", folder.partials);
        if (!partials) {
            return partials.error();
        }
    }
    if (filesystem::is_directory(directory / "layout")) {
        auto layout = read_localised(directory / "layout");
        if (!layout) {
            return layout.error();
        }
        folder.layout = *std::move(layout);
    }
    if (folder.templates.empty()) {
        return Error{fmt::format("{} holds no template", directory.string())};
    }
    return folder;
}

}  // namespace

bool is_template_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 &&
           std::all_of(name.begin(), name.end(), [](char character) {
               return is_ascii_letter_or_digit(character) || character == '_' || character == '-';
           });
}

std::string canonical_locale(std::string_view locale) {
    std::string canonical(locale);
    std::transform(canonical.begin(), canonical.end(), canonical.begin(), [](char character) {
        return character == '_' ? '-' : to_lower_ascii(character);
    });
    return canonical;
}

std::vector<std::string> locale_fallbacks(std::string_view locale) {
    std::vector<std::string> fallbacks;
    std::string wanted = canonical_locale(locale);
    while (!wanted.empty()) {
        fallbacks.push_back(wanted);
        wanted.erase(wanted.find('-') == std::string::npos ? 0 : wanted.rfind('-'));
    }
    fallbacks.emplace_back("");
    fallbacks.emplace_back("en");
    return fallbacks;
}

Result<TemplateFolder> read_template_folder(const std::string& directory) {
    try {
        return read_folder(directory);
    } catch (const filesystem::filesystem_error& error) {
        return Error{fmt::format("templates cannot be read: {} (set TEMPLATES_DIR)", error.what())};
    }
}

}  // namespace chatear::mail
