#include "random_message.hpp"

#include "mail/message_id.hpp"

#include <vector>

namespace chatear::mail::test {
namespace {

using Strings = std::vector<std::string>;

const Strings header_pieces = {
    "a",
    "Hello",
    "world",
    " ",
    " ",
    "  ",
    "é",
    "João",
    "日本語",
    "😀",
    "=?utf-8?Q?a?=",
    "=?",
    "?=",
    "=",
    "_",
    "\"",
    "\\",
    "<",
    ">",
    "(",
    ")",
    ",",
    ";",
    ":",
    "@",
    "%41",
    ".",
    "'",
    std::string(40, 'w'),
    std::string(100, 'x'),
    "\xc2\xa0"};
const Strings text_pieces = {
    "Hello world",
    " ",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\r",
    ".",
    "\n.\n",
    "..",
    "From ",
    "\nFrom me",
    "\n--=_a",
    "--",
    "=",
    "=3D",
    "é",
    "日本語テキスト",
    "😀",
    "trailing \n",
    "tab\t\n",
    "\x1b[0m",
    "\x7f",
    std::string(75, 'q'),
    std::string(998, 'l'),
    std::string(1200, 'z'),
    "<p>html & more</p>",
    "\xe2\x80\xa8"};

std::string joined(const Strings& pieces, int at_most) {
    const int count = *rc::gen::inRange(0, at_most);
    std::string text;
    for (int number = 0; number < count; ++number) {
        text += *rc::gen::elementOf(pieces);
    }
    return text;
}

std::string trimmed(std::string text) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string::npos) {
        return "";
    }
    return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

Address random_address() {
    const std::string text = *rc::gen::elementOf(Strings{
        "ann@example.org",
        "a.very.long.local.part.of.an.address.indeed@mail.of.a.long.domain.example.org",
        "\"ann lee\"@example.org",
        "o'neil+x=y@example.org",
        "info@bücher.example",
        "\"a@b\\\"c\"@example.org"});
    Address address = *parse_address(text);
    address.display_name = trimmed(joined(header_pieces, 8).substr(0, max_display_name_bytes));
    return address;
}

std::string random_filename() {
    std::string name = trimmed(joined(
        {"a",
         "report",
         " ",
         "é",
         "日本",
         "😀",
         "%",
         "'",
         "*",
         "\"",
         "=?utf-8?Q?a?=",
         ";",
         "=",
         std::string(60, 'n')},
        4
    ));
    return name.empty() ? "report.pdf" : name + ".pdf";
}

Attachment random_attachment() {
    const std::string type = *rc::gen::elementOf(Strings{
        "application/pdf", "image/png", "text/csv", "application/octet-stream"});
    const std::string bytes = *rc::gen::arbitrary<std::string>();
    return {
        random_filename(), type, bytes + joined({std::string(56, '\0'), "\r\n", "\n", "--=_m"}, 4)};
}

Message make_message() {
    Message message;
    message.from = random_address();
    message.to = random_address();
    if (*rc::gen::arbitrary<bool>()) {
        message.reply_to = random_address();
    }
    message.subject = joined(header_pieces, 12);
    const int bodies = *rc::gen::inRange(0, 4);
    if (bodies != 1) {
        message.text = joined(text_pieces, 12);
    }
    if (bodies != 2) {
        message.html = joined(text_pieces, 12);
    }
    if (*rc::gen::arbitrary<bool>()) {
        message.headers.emplace_back("X-Note", joined(header_pieces, 10));
        message.headers.emplace_back(
            "List-Unsubscribe",
            "<https://example.org/u/" + std::string(*rc::gen::inRange<std::size_t>(0, 300), 't') +
                ">, <mailto:u@example.org>"
        );
    }
    const int attachments = *rc::gen::inRange(0, 3);
    for (int number = 0; number < attachments; ++number) {
        message.attachments.push_back(random_attachment());
    }
    message.message_id = stable_message_id(*rc::gen::arbitrary<std::string>(), message.from.domain);
    message.date = Time(std::chrono::seconds(*rc::gen::inRange<std::int64_t>(0, 4'102'444'800)));
    return message;
}

}  // namespace

rc::Gen<Message> random_message() {
    return rc::gen::exec(make_message);
}

std::string with_newlines(const std::string& text) {
    std::string result;
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (text[place] == '\r') {
            result += '\n';
            place += text.compare(place, 2, "\r\n") == 0 ? 1U : 0U;
        } else {
            result += text[place];
        }
    }
    if (!result.empty() && !result.ends_with('\n')) {
        result += '\n';
    }
    return result;
}

bool same_text(const std::string& sent, const std::string& got) {
    const std::string expected = with_newlines(sent);
    return got == expected || got + '\n' == expected;
}

}  // namespace chatear::mail::test
