#include "deletion/recovery_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace chatear::deletion {
namespace {

struct Words {
    std::string_view title;
    std::string_view text;
};

constexpr std::size_t kinds = 8;

// In the order of PageKind.
constexpr std::array<Words, kinds> english{{
    {"Keep your account?",
     "Your Chatear account is going to be deleted, as was asked for. If you want to keep it, press "
     "the button. If you want it deleted, there is nothing to do: just close this page."},
    {"Your account stays",
     "It will not be deleted. You will get an e-mail that says so. You can close this page."},
    {"Your account stays", "It was recovered before. There is nothing more to do."},
    {"There is nothing to recover",
     "The deletion that this link belongs to was called off. There is nothing more to do."},
    {"It is too late",
     "The time to recover this account is over: it has been deleted. If you think that this is a "
     "mistake, please write to our support."},
    {"This link does not work",
     "It may be incomplete. Please open the link in our e-mail again, or copy all of it."},
    {"This link does not work",
     "Too many links that do not work were opened lately. A link from our e-mail works at any "
     "time: please copy all of it."},
    {"Please try again in a moment",
     "We cannot look up your link just now. It stays good until the time that our e-mail names."},
}};

constexpr std::array<Words, kinds> portuguese{{
    {"Manter sua conta?",
     "Sua conta do Chatear será excluída, como foi pedido. Se quiser mantê-la, toque no botão. Se "
     "quiser mesmo excluí-la, não é preciso fazer nada: basta fechar esta página."},
    {"Sua conta continua",
     "Ela não será excluída. Você receberá um e-mail de confirmação. Pode fechar esta página."},
    {"Sua conta continua", "Ela já tinha sido recuperada. Não é preciso fazer mais nada."},
    {"Não há nada a recuperar",
     "A exclusão a que este link pertence foi cancelada. Não é preciso fazer mais nada."},
    {"É tarde demais",
     "O prazo para recuperar esta conta terminou: ela foi excluída. Se achar que houve um engano, "
     "escreva para o nosso suporte."},
    {"Este link não funciona",
     "Ele pode estar incompleto. Abra de novo o link do nosso e-mail ou copie-o por inteiro."},
    {"Este link não funciona",
     "Foram abertos muitos links que não funcionam. O link do nosso e-mail funciona a qualquer "
     "hora: copie-o por inteiro."},
    {"Tente de novo em instantes",
     "Não conseguimos consultar o seu link agora. Ele vale até a hora que está no nosso e-mail."},
}};

constexpr std::string_view form = R"(<form method="post" action="?">
<input type="hidden" name="token" value="{}">
<button type="submit">{}</button>
</form>
)";

constexpr std::string_view page = R"(<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title} - Chatear</title>
<style>
body {{ margin: 0; background: #f2f4f7; color: #1f2933; font: 18px/1.5 Helvetica, Arial, sans-serif; }}
main {{ max-width: 30em; margin: 8vh auto; padding: 24px; background: #fff; border-radius: 8px; }}
p.brand {{ margin: 0; color: #3b5bdb; font-weight: bold; }}
h1 {{ margin: 8px 0; font-size: 26px; line-height: 1.2; }}
button {{ width: 100%; padding: 14px; border: 0; border-radius: 6px; background: #3b5bdb; color: #fff; font: inherit; font-weight: bold; cursor: pointer; }}
button:focus {{ outline: 3px solid #91a7ff; }}
@media (max-width: 34em) {{ main {{ margin: 0; min-height: 100vh; box-sizing: border-box; border-radius: 0; }} }}
</style>
</head>
<body>
<main>
<p class="brand">Chatear</p>
<h1>{title}</h1>
<p>{text}</p>
{form}</main>
</body>
</html>
)";

/// The weight of one element of the header, "pt-BR;q=0.8"; its language in `tag`.
double weight_of(std::string_view element, std::string_view& tag) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    tag = element.substr(0, semicolon);
    while (tag.starts_with(' ') || tag.starts_with('\t')) {
        tag.remove_prefix(1);
    }
    const std::size_t q = element.find("q=", semicolon);
    if (q == std::string_view::npos) {
        return 1;
    }
    double weight = 0;
    const std::string_view number = element.substr(q + 2);
    const auto read = std::from_chars(number.data(), number.data() + number.size(), weight);
    return read.ec == std::errc() ? weight : 0;
}

bool is(std::string_view tag, std::string_view language) {
    if (tag.size() < language.size()) {
        return false;
    }
    for (std::size_t i = 0; i < language.size(); ++i) {
        if ((tag[i] | 0x20) != language[i]) {
            return false;
        }
    }
    return tag.size() == language.size() || tag[language.size()] == '-' ||
           tag[language.size()] == ' ';
}

}  // namespace

std::string_view to_text(PageKind kind) {
    static constexpr std::array<std::string_view, kinds> names{
        "ask", "recovered", "used", "cancelled", "too_late", "unknown", "too_many", "unavailable"};
    return names.at(static_cast<std::size_t>(kind));
}

unsigned status_of(PageKind kind) {
    static constexpr std::array<unsigned, kinds> statuses{200, 200, 200, 200, 410, 404, 429, 503};
    return statuses.at(static_cast<std::size_t>(kind));
}

Language preferred_language(std::string_view accept_language) {
    Language found = Language::english;
    double best = 0;
    while (!accept_language.empty()) {
        const std::size_t comma = std::min(accept_language.find(','), accept_language.size());
        std::string_view tag;
        const double weight = weight_of(accept_language.substr(0, comma), tag);
        accept_language.remove_prefix(std::min(comma + 1, accept_language.size()));
        const bool known = is(tag, "en") || is(tag, "pt");
        if (known && weight > best) {
            best = weight;
            found = is(tag, "pt") ? Language::portuguese : Language::english;
        }
    }
    return found;
}

std::string page_html(PageKind kind, Language language, std::string_view token) {
    const bool is_portuguese = language == Language::portuguese;
    const Words& words = (is_portuguese ? portuguese : english).at(static_cast<std::size_t>(kind));
    std::string button;
    if (kind == PageKind::ask) {
        button = fmt::format(form, token, is_portuguese ? "Manter minha conta" : "Keep my account");
    }
    return fmt::format(
        page,
        fmt::arg("language", is_portuguese ? "pt" : "en"),
        fmt::arg("title", words.title),
        fmt::arg("text", words.text),
        fmt::arg("form", button)
    );
}

}  // namespace chatear::deletion
