// Any bytes as a template, its own text as its only partial: parsed or refused with a place, and
// rendered within its bounds.
#include "base/assert.hpp"
#include "mail/mustache.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace chatear::mail;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const TemplateSource source{"t.mustache", text};
    const TemplateSource partial{"p.mustache", "{{#l}}{{a}}{{/l}}\n"};
    const auto parsed = MustacheTemplate::parse(source, [&](std::string_view name) {
        return name == "self" ? &source : name == "p" ? &partial : nullptr;
    });
    if (!parsed) {
        CHATEAR_ASSERT(parsed.error().message.find(".mustache:") != std::string::npos);
        return 0;
    }
    const boost::json::object variables = {
        {"a", "<a>"},
        {"t", true},
        {"l", {1, "two", {{"a", "inner"}}}},
        {"o", {{"k", {{"d", 0.5}}}}}};
    std::set<std::string> missing;
    const auto rendered = parsed->render(variables, Escaping::html, missing);
    CHATEAR_ASSERT(!rendered || rendered->size() <= MustacheTemplate::max_output_bytes);
    return 0;
}
