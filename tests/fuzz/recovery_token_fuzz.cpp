// What a browser sends to the recovery page, as a token, a form or a header: only 64 digits are a
// token, and nothing else of it ever stands in the page.
#include "base/assert.hpp"
#include "deletion/recovery_token.hpp"
#include "deletion/recovery_words.hpp"
#include "http/request.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;
using deletion::Language;
using deletion::PageKind;

void check_token(std::string_view token) {
    const auto digest = deletion::recovery_token_sha256(token);
    const bool has_the_form =
        token.size() == 64 && std::all_of(token.begin(), token.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        });
    CHATEAR_ASSERT(digest.has_value() == has_the_form);
    CHATEAR_ASSERT(!digest || digest->size() == 32);
    for (const Language language : {Language::english, Language::portuguese}) {
        for (int kind = 0; kind <= static_cast<int>(PageKind::unavailable); ++kind) {
            const auto page = static_cast<PageKind>(kind);
            if (page != PageKind::ask) {
                CHATEAR_ASSERT(page_html(page, language, token) == page_html(page, language, ""));
            } else if (digest) {
                const std::string html = page_html(page, language, token);
                CHATEAR_ASSERT(html.find("value=\"" + std::string(token) + "\"") != html.npos);
            }
        }
    }
}

void check_form(std::string_view text) {
    const auto form = http::parse_form(text);
    if (form && form->contains("token")) {
        check_token(form->at("token"));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_token(text);
    check_form(text);
    if (const auto target = http::parse_target(text)) {
        const auto token = target->query.find("token");
        check_token(token == target->query.end() ? std::string_view() : token->second);
    }
    (void)deletion::preferred_language(text);
    return 0;
}
