"""Each rule says no to what it is there for, and yes to its neighbour."""

import pytest

from await_form import check_await_form
from documents import check_links, check_reliability, check_source_rows, check_threats
from includes import check_arrows, check_libraries
from lengths import check_file_length, check_function_length
from words import BANNED, check_file_name, check_text, check_words


def lines(rule, path, text):
    return [line for line, _ in rule(path, text)]


@pytest.mark.parametrize(
    "statement",
    [
        "if (co_await g()) {",
        "while (!co_await g()) {",
        "f(co_await g());",
        "const T x{co_await g()};",
        "co_await f(Options{});",
        "co_await f({1, 2});",
        "co_await f([x] { return x; });",
        "co_await f(b ? S() : S(1));",
        "const int x = co_await f() ? 1 : 2;",
        "EXPECT_EQ(co_await f(), 1);",
        "co_return T{.a = co_await g()};",
    ],
)
def test_await_form_refuses(statement):
    assert lines(check_await_form, "src/a/b.cpp", f"int a;\n{statement} }};\n") == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "co_await f(a);",
        "const T x = co_await f(a, b.c());",
        "x = co_await f();",
        "co_return co_await f(a);",
        "if (ready) co_await f(a);",
        "case State::open: co_await f(a);",
        "// if (co_await g())",
        'log::info("if (co_await g())");',
    ],
)
def test_await_form_accepts(statement):
    assert lines(check_await_form, "src/a/b.cpp", f"void h() {{\n{statement}\n}}\n") == []


@pytest.mark.parametrize(
    "path, include",
    [
        ("src/base/a.hpp", '#include "net/stream.hpp"'),
        ("src/net/a.cpp", '#include "nats/message.hpp"'),
        ("src/smtp/a.cpp", '#include "mail/message.hpp"'),
        ("src/mail/a.cpp", '#include "net/stream.hpp"'),
        ("src/nats/a.cpp", '#include "redis/client.hpp"'),
        ("src/runtime/a.cpp", '#include "notification/limits.hpp"'),
        ("src/notification/a.cpp", '#include "admin/doctor.hpp"'),
        ("src/unheard_of/a.cpp", "#include <vector>"),
    ],
)
def test_arrows_refuse(path, include):
    assert lines(check_arrows, path, f"{include}\n") == [1]


@pytest.mark.parametrize(
    "path, include",
    [
        ("src/net/a.cpp", '#include "base/error.hpp"'),
        ("src/runtime/a.cpp", '#include "nats/message.hpp"'),
        ("src/smtp/a.cpp", '#include "smtp/reply.hpp"'),
        ("apps/chatear/main.cpp", '#include "admin/doctor.hpp"'),
        ("tests/unit/base/a.cpp", '#include "admin/doctor.hpp"'),
    ],
)
def test_arrows_accept(path, include):
    assert lines(check_arrows, path, f"{include}\n") == []


@pytest.mark.parametrize(
    "path, header",
    [
        ("src/runtime/a.cpp", "libpq-fe.h"),
        ("src/runtime/a.cpp", "hiredis/hiredis.h"),
        ("src/notification/a.cpp", "mustache.hpp"),
        ("src/admin/a.cpp", "boost/beast/http.hpp"),
        ("src/smtp/a.cpp", "boost/asio/ssl/context.hpp"),
        ("src/runtime/a.cpp", "CLI/CLI.hpp"),
        ("src/http/a.cpp", "prometheus/registry.h"),
        ("src/net/a.cpp", "spdlog/spdlog.h"),
        ("src/nats/a.cpp", "nats/nats.h"),
        ("src/mail/a.cpp", "gmime/gmime.h"),
        ("src/smtp/a.cpp", "idn2.h"),
    ],
)
def test_one_folder_a_library(path, header):
    assert lines(check_libraries, path, f"\n#include <{header}>\n") == [2]
    assert lines(check_libraries, "tests/unit/x/a.cpp", f"#include <{header}>\n") == []


def test_a_library_is_accepted_in_its_folder():
    assert lines(check_libraries, "src/postgres/connection.cpp", "#include <libpq-fe.h>\n") == []


SAMPLES = {
    "net::TaskGroup": "asio::co_spawn(e, f(), g);",
    "net::Deadline or net::sleep_for": "asio::steady_timer timer(e);",
    "net::Deadline": "asio::cancellation_signal signal;",
    "net::TaskGroup: somebody owns every task": "spawn(f(), asio::detached);",
    "net::Deadline: || waits for one success": "using namespace asio::experimental::awaitable_operators;",
    "net::TaskGroup (asio#1332)": "make_parallel_group(a); parallel_group<A> g;",
    "net::Queue (asio#1236)": "asio::experimental::channel<void()> c;",
    "net::now() and net::Moment, which a simulation can turn": "const auto now = std::chrono::steady_clock::now();",
    "net::Deadline: newer than Boost 1.81": "asio::cancel_after(1s);",
    "chatear::log": "std::cout << 1;",
    "CHATEAR_ASSERT: checked in release too": "assert(x);",
    "one thread; coroutines": "std::mutex m;",
    "net::sleep_for": "std::this_thread::sleep_for(1s);",
    "SettingsReader": 'getenv("X");',
    "the name with std::": "using namespace std;",
    "not in g++ 12": 'std::format("{}", 1);',
}


@pytest.mark.parametrize("pattern, instead, folders", BANNED)
def test_words_refuse(pattern, instead, folders):
    text = f"\n{SAMPLES[instead]}\n"
    assert 2 in lines(check_words, "src/runtime/a.cpp", text)
    for folder in folders:
        path = f"{folder}/x/a.cpp" if folder in ("apps", "examples") else f"src/{folder}/a.cpp"
        assert lines(check_words, path, text) == []


def test_words_may_stand_in_comments_and_texts():
    text = '// not detached\nconst char* t = "detached"; static_assert(true); CHATEAR_ASSERT(x);\n'
    assert lines(check_words, "src/runtime/a.cpp", text) == []


def test_the_literals_of_std_may_be_used():
    assert lines(check_words, "src/runtime/a.cpp", "using namespace std::chrono_literals;\n") == []


def test_nothing_unfinished_and_no_path_of_one_machine():
    assert lines(check_text, "docs/a.md", "fine\nTO" + "DO later\n") == [2]
    assert lines(check_text, "docs/a.md", "see /wo" + "rk/main\n") == [1]
    assert lines(check_text, "docs/a.md", "our work/main is fine\n") == []


@pytest.mark.parametrize("name", ["utils.hpp", "string_utils.cpp", "common.hpp", "types.hpp", "pool_impl.cpp", "connection_manager.hpp"])
def test_a_file_has_a_name(name):
    assert lines(check_file_name, f"src/net/{name}", "") == [1]
    assert lines(check_file_name, "src/net/reply_parser.hpp", "") == []


def test_a_long_file_is_refused():
    assert lines(check_file_length, "src/a/b.cpp", "\n" * 300) == []
    assert lines(check_file_length, "src/a/b.cpp", "\n" * 301) == [300]
    assert lines(check_file_length, "tests/unit/a/b.cpp", "\n" * 401) == [400]


def test_a_long_function_is_refused_whatever_stands_around_it():
    body = "    step();\n" * 44
    shapes = [
        "void f() {{\n{}}}\n",
        "namespace a {{\nclass B {{\npublic:\n    int g() const {{\n{}    }}\n}};\n}}\n",
        "Foo::Foo(int a)\n    : a_(a), b_{{a}} {{\n{}}}\n",
        "template <typename T>\nasio::awaitable<T> Foo<T>::run(std::vector<T> all) {{\n    for (;;) {{\n{}    }}\n}}\n",
        "struct S f(int a) {{\n{}}}\n",
    ]
    for shape in shapes:
        assert len(lines(check_function_length, "src/a/b.cpp", shape.format(body))) == 1, shape
        assert lines(check_function_length, "src/a/b.cpp", shape.format("    step();\n" * 40)) == [], shape


def test_a_long_class_or_table_is_no_long_function():
    members = "    int member_;\n" * 60
    assert lines(check_function_length, "src/a/b.hpp", f"namespace a {{\nclass B {{\n{members}}};\n}}\n") == []
    rows = "    {1, 2},\n" * 60
    assert lines(check_function_length, "src/a/b.cpp", f"const std::array<Row, 60> rows = {{{{\n{rows}}}}};\n") == []


def test_every_folder_of_src_has_one_row(tmp_path):
    for folder in ("net", "smtp"):
        (tmp_path / "src" / folder).mkdir(parents=True)
        (tmp_path / "src" / folder / "a.cpp").touch()
    readme = tmp_path / "src" / "README.md"
    assert len(list(check_source_rows(tmp_path))) == 2
    readme.write_text("| `net/` | streams |\n| `smtp/` | mail |\n")
    assert list(check_source_rows(tmp_path)) == []
    readme.write_text("| `net/` | streams |\n| `gone/` | dead |\n")
    assert len(list(check_source_rows(tmp_path))) == 2


def test_links_lead_somewhere(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "there.md").touch()
    text = "[a](there.md#part) [b](../docs/there.md) [c](https://example.org/x)\n[d](gone.md)\n"
    assert [line for line, _ in check_links("docs/a.md", text, tmp_path)] == [2]


THREATS = """# Security

## Threats
| threat | defence | test |
|---|---|---|
| **The network** | | |
| one | strict: `src/a.cpp`, and a `word` | `tests/a_test.cpp` `RefusesIt` `RefusesThat`; `tests/test_a.py` `test_it` |
| two | `src/a.cpp` | `tests/fuzz/a_fuzz.cpp` |

## What to set
| not | a | threat |
"""


def threats(tmp_path, text):
    for path in ("src/a.cpp", "tests/fuzz/a_fuzz.cpp"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "tests/a_test.cpp").write_text("TEST(A, RefusesIt) {\n}\nTEST_F(\n    B, RefusesThat\n) {}\n// TEST(A, Gone)\n")
    (tmp_path / "tests/test_a.py").write_text("def test_it(world):\n    pass\n")
    (tmp_path / "docs").mkdir(exist_ok=True)
    (tmp_path / "docs/security.md").write_text(text)
    return [(line, message) for _, line, message in check_threats(tmp_path)]


def test_each_threat_has_a_source_and_tests_that_are_there(tmp_path):
    assert threats(tmp_path, THREATS) == []


@pytest.mark.parametrize("change, line, word", [
    (("src/a.cpp`, and", "src/gone.cpp`, and"), 7, "src/gone.cpp is not there"),
    (("tests/a_test.cpp", "tests/gone_test.cpp"), 7, "tests/gone_test.cpp is not there"),
    (("`RefusesThat`", "`Gone`"), 7, "no test Gone"),
    (("`RefusesThat`", "`Refuses`"), 7, "no test Refuses"),
    (("`test_it`", "`test_i`"), 7, "no test test_i"),
    ((" `test_it`", ""), 7, "no test of tests/test_a.py"),
    ((" `RefusesIt` `RefusesThat`", ""), 7, "no test of tests/a_test.cpp"),
    (("| `tests/fuzz/a_fuzz.cpp` |", "| none |"), 8, "no test is named for: two"),
    (("| two | `src/a.cpp` |", "| two | nothing |"), 8, "no source is named for: two"),
])
def test_a_threat_without_its_source_or_test_is_named(tmp_path, change, line, word):
    found = threats(tmp_path, THREATS.replace(*change, 1))
    assert [of for of, _ in found] == [line]
    assert word in found[0][1]


def test_a_table_of_threats_that_is_gone_is_missed(tmp_path):
    assert len(threats(tmp_path, "# Security\n")) == 1


def test_each_test_of_a_promise_is_there(tmp_path):
    def found(text):
        (tmp_path / "docs/reliability.md").write_text(text)
        return [(line, message) for _, line, message in check_reliability(tmp_path)]

    threats(tmp_path, THREATS)  # For its files.
    assert found("| once | delivery | `kills` | `tests/test_a.py` `test_it` | `tests/a_test.cpp` `RefusesIt`, so |\n") == []
    assert found("| once | `tests/test_a.py` `test_gone` |\n") == [(1, "tests/test_a.py has no test test_gone")]
    assert found("\n| once | `tests/gone.py` `test_it` |\n") == [(2, "tests/gone.py is not there")]
    assert found("| once | `kills` |\n") == [(1, "its tables name no tests")]
