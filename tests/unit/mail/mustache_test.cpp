#include "mail/mustache.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <kainjow/mustache.hpp>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

namespace json = boost::json;

using Partials = std::map<std::string, TemplateSource, std::less<>>;

Result<MustacheTemplate> parse(const std::string& text, const Partials& partials = {}) {
    return MustacheTemplate::parse(
        {"t.mustache", text},
        [&](std::string_view name) -> const TemplateSource* {
            const auto found = partials.find(name);
            return found == partials.end() ? nullptr : &found->second;
        }
    );
}

std::string rendered(
    const std::string& text, const std::string& variables, Escaping escaping = Escaping::html
) {
    std::set<std::string> missing;
    const auto parsed = parse(text);
    if (!parsed) {
        return parsed.error().message;
    }
    const auto result = parsed->render(json::parse(variables).as_object(), escaping, missing);
    return result ? *result : result.error().message;
}

std::string error_of(const std::string& text, const Partials& partials = {}) {
    const auto parsed = parse(text, partials);
    return parsed ? "" : parsed.error().message;
}

TEST(Mustache, PutsInVariables) {
    EXPECT_EQ(rendered("a {{ x }}{{y}}!", R"({"x": "1", "y": "2"})"), "a 12!");
    EXPECT_EQ(rendered("{{a.b.c}}", R"({"a": {"b": {"c": "deep"}}})"), "deep");
    EXPECT_EQ(
        rendered(
            "{{n}} {{f}} {{b}} {{z}}|{{o}}|{{l}}",
            R"({"n": 3, "f": 0.1, "b": true, "z": null, "o": {}, "l": [1]})"
        ),
        "3 0.1 true ||"
    );
}

TEST(Mustache, EscapesInHtmlAndNowhereElse) {
    const std::string variables = R"({"x": "<a href=\"'&'\">"})";
    EXPECT_EQ(rendered("{{x}}", variables), "&lt;a href=&quot;&#39;&amp;&#39;&quot;&gt;");
    EXPECT_EQ(rendered("{{{x}}}{{& x}}", variables), R"(<a href="'&'"><a href="'&'">)");
    EXPECT_EQ(rendered("{{x}}", variables, Escaping::none), R"(<a href="'&'">)");
}

TEST(Mustache, NeverReadsAValueAsATemplate) {
    EXPECT_EQ(rendered("{{x}}", R"({"x": "{{y}}", "y": "no"})"), "{{y}}");
}

TEST(Mustache, HasSections) {
    EXPECT_EQ(rendered("{{#x}}yes{{/x}}{{^x}}no{{/x}}", R"({"x": true})"), "yes");
    for (const std::string& nothing : Strings{"false", "null", "\"\"", "[]"}) {
        EXPECT_EQ(rendered("{{#x}}yes{{/x}}{{^x}}no{{/x}}", R"({"x": )" + nothing + "}"), "no");
    }
    EXPECT_EQ(rendered("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{}"), "no");
    EXPECT_EQ(rendered("{{#l}}{{.}},{{/l}}", R"({"l": [1, "b", 2.5]})"), "1,b,2.5,");
    EXPECT_EQ(
        rendered("{{#l}}{{n}}{{o}} {{/l}}", R"({"o": "!", "l": [{"n": 1}, {"n": 2, "o": "?"}]})"),
        "1! 2? "
    );
    EXPECT_EQ(rendered("{{#a}}{{#b}}{{c}}{{/b}}{{/a}}", R"({"a": {"b": {"c": "in"}}})"), "in");
}

TEST(Mustache, TakesALineWithATagThatStandsAlone) {
    EXPECT_EQ(rendered("a\n  {{#x}}  \nb\n{{/x}}\nc\n", R"({"x": 1})"), "a\nb\nc\n");
    EXPECT_EQ(rendered("a\r\n{{! note }}\r\nb", "{}"), "a\r\nb");
    EXPECT_EQ(rendered("a\n{{#x}}\n{{/x}}", R"({"x": 1})"), "a\n");
    EXPECT_EQ(rendered("a {{#x}}\nb\n{{/x}} c", R"({"x": 1})"), "a \nb\n c");
    EXPECT_EQ(rendered(" {{#x}} {{/x}} \n", R"({"x": 1})"), "   \n");
}

TEST(Mustache, SaysWhatWasMissing) {
    std::set<std::string> missing;
    const auto parsed = parse("{{a}}{{b.c}}{{#d}}{{e}}{{/d}}{{z}}{{#on}}{{f}}{{/on}}");
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(parsed->render(
        json::parse(R"({"b": {}, "z": null, "on": true})").as_object(), Escaping::none, missing
    ));
    EXPECT_EQ(missing, (std::set<std::string>{"a", "b.c", "f"}));
    EXPECT_EQ(parsed->names(), (std::set<std::string>{"a", "b.c", "d", "e", "f", "on", "z"}));
}

TEST(Mustache, PutsPartialsInPlace) {
    const Partials partials = {
        {"p", {"p.mustache", "<{{x}}>\n"}}, {"q", {"q.mustache", "{{> p}}{{> p}}"}}};
    const auto parsed = parse("a\n {{> q }}\nb{{> p}}", partials);
    ASSERT_TRUE(parsed) << parsed.error().message;
    std::set<std::string> missing;
    EXPECT_EQ(*parsed->render({{"x", "1"}}, Escaping::html, missing), "a\n<1>\n<1>\nb<1>\n");
}

TEST(Mustache, NamesFileAndLineOfWhatIsWrong) {
    EXPECT_EQ(error_of("a\nb {{x"), "t.mustache:2: the tag is never closed");
    EXPECT_EQ(error_of("{{{x}} "), "t.mustache:1: the tag is never closed");
    EXPECT_EQ(error_of("\n\n{{#x}}\n"), "t.mustache:3: section 'x' is never closed");
    EXPECT_EQ(error_of("{{/x}}"), "t.mustache:1: section 'x' was not opened");
    EXPECT_EQ(error_of("{{#x}}\n{{/y}}"), "t.mustache:2: 'y' is closed where 'x' is open");
    EXPECT_EQ(
        error_of("{{=<% %>=}}"), "t.mustache:1: other delimiters than {{ and }} are not supported"
    );
    EXPECT_EQ(error_of("{{a b}}"), "t.mustache:1: 'a b' is no name of a variable");
    EXPECT_EQ(error_of("{{}}"), "t.mustache:1: '' is no name of a variable");
    EXPECT_EQ(error_of("{{a..b}}"), "t.mustache:1: 'a..b' is no name of a variable");
    EXPECT_EQ(error_of("\n{{> gone}}"), "t.mustache:2: there is no partial 'gone'");
    const Partials open = {{"p", {"p.mustache", "{{/x}}"}}};
    EXPECT_EQ(
        error_of("{{#x}}\n{{> p}}{{/x}}", open),
        "p.mustache:1: section 'x' was not opened (t.mustache:2: included here)"
    );
}

TEST(Mustache, RefusesAPartialThatIncludesItself) {
    const Partials circle = {{"p", {"p.mustache", "{{> q}}"}}, {"q", {"q.mustache", "{{> p}}"}}};
    EXPECT_EQ(
        error_of("{{> p}}", circle),
        "p.mustache:1: the partial includes itself (q.mustache:1: included here) (p.mustache:1: "
        "included here) "
        "(t.mustache:1: included here)"
    );
}

TEST(Mustache, BoundsWhatPartialsGrowTo) {
    Partials doubling = {{"p0", {"p0.mustache", "{{x}}"}}};
    for (int level = 1; level <= 20; ++level) {
        const std::string inner = "{{> p" + std::to_string(level - 1) + "}}";
        doubling["p" + std::to_string(level)] = {"p.mustache", inner + inner};
    }
    EXPECT_NE(
        error_of("{{> p20}}", doubling).find("the template with its partials is too large"),
        std::string::npos
    );
    std::string deep;
    for (int level = 0; level < 33; ++level) {
        deep += "{{#x}}";
    }
    EXPECT_EQ(error_of(deep), "t.mustache:1: sections are nested over 32 deep");
}

TEST(Mustache, BoundsWhatItRenders) {
    json::array many(2000, json::value(1));
    std::set<std::string> missing;
    const auto cube = parse("{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}");
    EXPECT_FALSE(cube->render({{"l", many}}, Escaping::none, missing));
    const auto large = parse("{{#l}}" + std::string(2000, 'x') + "{{/l}}");
    EXPECT_FALSE(large->render({{"l", many}}, Escaping::none, missing));
    const auto fits = parse("{{#l}}" + std::string(1000, 'x') + "{{/l}}");
    EXPECT_TRUE(fits->render({{"l", many}}, Escaping::none, missing));
}

kainjow::mustache::data oracle_data(const json::value& value) {
    using kainjow::mustache::data;
    if (const json::object* object = value.if_object()) {
        data result(data::type::object);
        for (const auto& [key, member] : *object) {
            result.set(std::string(key), oracle_data(member));
        }
        return result;
    }
    if (const json::array* array = value.if_array()) {
        data result(data::type::list);
        for (const json::value& item : *array) {
            result.push_back(oracle_data(item));
        }
        return result;
    }
    if (const bool* truth = value.if_bool()) {
        return data(*truth);
    }
    return data(std::string(value.get_string()));
}

std::string random_template(int depth) {
    static const std::vector<std::string> leaves = {
        "text",
        " ",
        "\n",
        "{{a}}",
        "{{{a}}}",
        "{{&b}}",
        "{{o.k}}",
        "{{#l}}[{{.}}]{{/l}}",
        "{{gone}}",
        "{{! c }}",
        "<&>"};
    static const std::vector<std::string> names = {"a", "t", "f", "l", "e", "o", "gone"};
    std::string text;
    const int count = *rc::gen::inRange(0, 6);
    for (int number = 0; number < count; ++number) {
        if (depth < 3 && *rc::gen::inRange(0, 3) == 0) {
            const std::string name = *rc::gen::elementOf(names);
            const std::string sigil = *rc::gen::elementOf(std::vector<std::string>{"#", "^"});
            const std::string edge = *rc::gen::elementOf(std::vector<std::string>{"", "\n"});
            text += "{{" + sigil + name + "}}" + edge + random_template(depth + 1) + "{{/" + name +
                    "}}" + edge;
        } else {
            text += *rc::gen::elementOf(leaves);
        }
    }
    return text;
}

/// No "." outside of lists: in an inverted section the oracle's "." is what is false. The oracle
/// decides about lone tags while it renders and so keeps blank lines where the specification drops
/// them: lines are compared without white space.
std::string without_blanks(const std::string& text) {
    std::string result;
    for (const char character : text) {
        if (character != ' ' && character != '\n') {
            result += character;
        }
    }
    return result;
}

RC_GTEST_PROP(Mustache, RendersWhatTheOracleRenders, ()) {
    const std::string text = random_template(0);
    const json::value variables = json::parse(
        R"({"a": "<one>", "b": "&two", "t": true, "f": false, "l": ["x", {"a": "in", "k": "v"}, "y"], "e": [], "o": {"k": "inner", "a": "o"}})"
    );
    kainjow::mustache::mustache oracle(text);
    RC_ASSERT(oracle.is_valid());
    std::set<std::string> missing;
    const auto parsed = parse(text);
    RC_ASSERT(parsed.has_value());
    const auto ours = parsed->render(variables.get_object(), Escaping::html, missing);
    RC_ASSERT(ours.has_value());
    RC_ASSERT(without_blanks(*ours) == without_blanks(oracle.render(oracle_data(variables))));
}

}  // namespace
}  // namespace chatear::mail
