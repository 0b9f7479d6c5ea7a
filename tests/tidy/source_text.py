"""What every rule starts from: C++ text without its comments and literals, lines kept."""

import re

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
RAW_STRING = re.compile(r'R"(\w*)\(.*?\)\1"', re.S)
# A digit before the quote is a digit separator: 10'000.
LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'')
TOKEN = re.compile("|".join([RAW_STRING.pattern, LITERAL.pattern, COMMENT.pattern]), re.S)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def code_only(text):
    """Comments become blanks, literals become 0; positions change, line numbers do not."""

    def replaced(match):
        breaks = "\n" * match[0].count("\n")
        return breaks if match[0].startswith(("//", "/*")) else "0" + breaks

    return TOKEN.sub(replaced, text)
