#pragma once

#include <string>
#include <string_view>

/// What the recovery page says, in the languages that it knows: pure text.
namespace chatear::deletion {

/// What there is to say. None says whether an account exists to somebody without a right link.
enum class PageKind {
    ask,          ///< The link is good: the button.
    recovered,    ///< Done.
    used,         ///< The account was recovered before.
    cancelled,    ///< The deletion was called off.
    too_late,     ///< It was executed.
    unknown,      ///< No such link.
    too_many,     ///< No such link, and too many of that kind lately.
    unavailable,  ///< We cannot tell now.
};
std::string_view to_text(PageKind kind);  ///< A label for metrics: "too_late".
unsigned status_of(PageKind kind);        ///< Of HTTP.

enum class Language { english, portuguese };

/// The language of an Accept-Language header (RFC 9110, 12.5.4) that we know; else English.
Language preferred_language(std::string_view accept_language);

/// The whole page: no script, nothing loaded, readable on a phone. `token` (of hexadecimal digits)
/// goes into the form of `ask` alone.
std::string page_html(PageKind kind, Language language, std::string_view token);

}  // namespace chatear::deletion
