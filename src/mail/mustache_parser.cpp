#include "mail/mustache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace chatear::mail {
namespace {

/// A tag of a template's text.
struct Tag {
    char sigil = 0;         // One of # ^ / > ! & { or 0 for a variable.
    std::string_view name;  // Without white space around it.
    std::size_t begin = 0;  // Of its first brace.
    std::size_t end = 0;    // Behind its last brace.
};

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// The next tag from `from` on; nothing where there is none. An unclosed tag has end 0.
std::optional<Tag> find_tag(std::string_view text, std::size_t from) {
    Tag tag;
    tag.begin = text.find("{{", from);
    if (tag.begin == std::string_view::npos) {
        return std::nullopt;
    }
    std::size_t inside = tag.begin + 2;
    if (inside < text.size() &&
        std::string_view("#^/>!&{=").find(text[inside]) != std::string_view::npos) {
        tag.sigil = text[inside++];
    }
    const std::string_view closing = tag.sigil == '{' ? "}}}" : "}}";
    const std::size_t end = text.find(closing, inside);
    if (end != std::string_view::npos) {
        tag.name = trim(text.substr(inside, end - inside));
        tag.end = end + closing.size();
    }
    return tag;
}

/// Whether the name is ".", or words of letters, digits, '_' and '-' joined by dots.
bool is_name(std::string_view name) {
    if (name == ".") {
        return true;
    }
    char previous = '.';
    for (const char character : name) {
        const bool word =
            (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
            (character >= '0' && character <= '9') || character == '_' || character == '-';
        if (!word && (character != '.' || previous == '.')) {
            return false;
        }
        previous = character;
    }
    return previous != '.';
}

/// The text between tags that is dropped because `tag` stands alone on its line: from the line's
/// begin to behind its break. Nothing where something else is on the line.
struct Line {
    std::size_t begin;
    std::size_t end;
};
std::optional<Line> line_of_lone_tag(std::string_view text, const Tag& tag) {
    std::size_t begin = tag.begin;
    while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) {
        --begin;
    }
    std::size_t end = tag.end;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r')) {
        ++end;
    }
    const bool starts_line = begin == 0 || text[begin - 1] == '\n';
    const bool ends_line = end == text.size() || text[end] == '\n';
    if (!starts_line || !ends_line) {
        return std::nullopt;
    }
    return Line{begin, std::min(end + 1, text.size())};
}

}  // namespace

/// Turns sources into nodes; one object a template, its partials included.
class MustacheParser {
public:
    explicit MustacheParser(const PartialLookup& partials) : partials_(partials) {}

    Result<void> parse(const TemplateSource& source) {
        if (std::find(open_files_.begin(), open_files_.end(), &source) != open_files_.end()) {
            return Error{source.file + ":1: the partial includes itself"};
        }
        if (open_files_.size() == MustacheTemplate::max_depth) {
            return Error{source.file + ":1: partials are nested over 32 deep"};
        }
        open_files_.push_back(&source);
        const std::size_t sections_before = open_sections_.size();
        Result<void> result = parse_tags(source, sections_before);
        if (result && open_sections_.size() > sections_before) {
            const OpenSection& open = open_sections_.back();
            result = error_at(
                source, open.begin, fmt::format("section '{}' is never closed", open.name)
            );
        }
        open_files_.pop_back();
        return result;
    }

    MustacheTemplate take() { return std::move(template_); }

private:
    using Kind = MustacheTemplate::Kind;

    struct OpenSection {
        std::string name;
        std::size_t node;   // Its place in the nodes.
        std::size_t begin;  // Its place in the source.
    };

    static Error error_at(const TemplateSource& source, std::size_t place, std::string_view what) {
        const auto end = source.text.begin() + static_cast<std::ptrdiff_t>(place);
        return Error{fmt::format(
            "{}:{}: {}", source.file, 1 + std::count(source.text.begin(), end, '\n'), what
        )};
    }

    Result<void> parse_tags(const TemplateSource& source, std::size_t sections_before) {
        const std::string_view text = source.text;
        std::size_t place = 0;
        while (const std::optional<Tag> tag = find_tag(text, place)) {
            if (tag->end == 0) {
                return error_at(source, tag->begin, "the tag is never closed");
            }
            Line taken{tag->begin, tag->end};
            if (tag->sigil != 0 && tag->sigil != '&' && tag->sigil != '{') {
                taken = line_of_lone_tag(text, *tag).value_or(taken);
            }
            // Two lone tags in a row: the first one's line ends where the second's begins.
            add_text(text.substr(place, std::max(place, taken.begin) - place));
            const Result<void> added = add_tag(source, *tag, sections_before);
            if (!added) {
                return added;
            }
            if (template_.nodes_.size() > MustacheTemplate::max_nodes) {
                return error_at(source, tag->begin, "the template with its partials is too large");
            }
            place = taken.end;
        }
        add_text(text.substr(place));
        return {};
    }

    Result<void> add_tag(
        const TemplateSource& source, const Tag& tag, std::size_t sections_before
    ) {
        if (tag.sigil == '!') {
            return {};
        }
        if (tag.sigil == '=') {
            return error_at(source, tag.begin, "other delimiters than {{ and }} are not supported");
        }
        if (!is_name(tag.name)) {
            return error_at(
                source, tag.begin, fmt::format("'{}' is no name of a variable", tag.name)
            );
        }
        switch (tag.sigil) {
            case '#':
            case '^':
                return open_section(source, tag);
            case '/':
                return close_section(source, tag, sections_before);
            case '>':
                return add_partial(source, tag);
            default:
                add_node(tag.sigil == 0 ? Kind::variable : Kind::raw_variable, tag.name);
                return {};
        }
    }

    Result<void> open_section(const TemplateSource& source, const Tag& tag) {
        if (open_sections_.size() == MustacheTemplate::max_depth) {
            return error_at(source, tag.begin, "sections are nested over 32 deep");
        }
        open_sections_.push_back({std::string(tag.name), template_.nodes_.size(), tag.begin});
        add_node(tag.sigil == '#' ? Kind::section : Kind::inverted_section, tag.name);
        return {};
    }

    Result<void> close_section(
        const TemplateSource& source, const Tag& tag, std::size_t sections_before
    ) {
        if (open_sections_.size() == sections_before) {
            return error_at(
                source, tag.begin, fmt::format("section '{}' was not opened", tag.name)
            );
        }
        const OpenSection open = open_sections_.back();
        if (open.name != tag.name) {
            return error_at(
                source,
                tag.begin,
                fmt::format("'{}' is closed where '{}' is open", tag.name, open.name)
            );
        }
        template_.nodes_[open.node].end = template_.nodes_.size();
        open_sections_.pop_back();
        return {};
    }

    Result<void> add_partial(const TemplateSource& source, const Tag& tag) {
        const TemplateSource* partial = partials_(tag.name);
        if (partial == nullptr) {
            return error_at(source, tag.begin, fmt::format("there is no partial '{}'", tag.name));
        }
        const Result<void> parsed = parse(*partial);
        if (!parsed) {
            const Error here = error_at(source, tag.begin, "included here");
            return Error{parsed.error().message + " (" + here.message + ")"};
        }
        return {};
    }

    void add_text(std::string_view text) {
        if (!text.empty()) {
            add_node(Kind::text, text);
        }
    }

    void add_node(Kind kind, std::string_view content) {
        template_.nodes_.push_back({kind, std::string(content), 0});
    }

    const PartialLookup& partials_;
    MustacheTemplate template_;
    std::vector<const TemplateSource*> open_files_;
    std::vector<OpenSection> open_sections_;
};

Result<MustacheTemplate> MustacheTemplate::parse(
    const TemplateSource& source, const PartialLookup& partials
) {
    MustacheParser parser(partials);
    const Result<void> parsed = parser.parse(source);
    if (!parsed) {
        return parsed.error();
    }
    return parser.take();
}

}  // namespace chatear::mail
