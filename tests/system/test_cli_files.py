"""Settings, migrations and templates by the operator's tool."""

from dev_stack.places import CHECKOUT


def test_the_page_of_settings_is_what_the_code_declares(tool):
    page = (CHECKOUT / "docs/configuration.md").read_text()
    assert tool.chatear("config", "--markdown").stdout == page, "chatear config --markdown > docs/configuration.md"


def test_config_hides_secrets_and_passwords(tool):
    shown = tool.json("config", SMTP_USER="me", SMTP_PASS="open-sesame", DATABASE_URL="postgres://me:open-sesame@here/db", check=False)
    assert "open-sesame" not in str(shown)
    values = {setting["name"]: setting["value"] for setting in shown["settings"]}
    assert values["SMTP_PASS"] == "(hidden)"
    assert values["DATABASE_URL"] == "(hidden)"


def test_migrations_are_shown_and_applied_once(tool):
    assert {row["state"] for row in tool.json("migrate", "status")} == {"applied"}
    assert tool.json("migrate", "up") == {"applied": []}
    pending = tool.chatear("migrate", "status", check=False, MIGRATIONS_DIR="/nonexistent")
    assert pending.returncode == 2 and "/nonexistent" in pending.stderr


def test_folders_are_found_beside_the_executable(tool):
    assert tool.json("migrate", "status", MIGRATIONS_DIR=str(CHECKOUT / "migrations"))
    assert tool.json("templates", "list", "--templates", str(CHECKOUT / "templates"))


def test_templates_are_rendered_with_what_is_missing_named(tool, tmp_path):
    (tmp_path / "data.json").write_text('{"name": "Zoë"}')
    done = tool.chatear("templates", "render", "welcome", "--data", f"@{tmp_path / 'data.json'}")
    assert "Zoë" in done.stdout
    html = tool.chatear("templates", "render", "welcome", "--data", '{"name": "<b>"}', "--part", "html").stdout
    assert "&lt;b&gt;" in html and html.lstrip().startswith("<")
    assert tool.chatear("templates", "render", "nothing-such", check=False).returncode == 1


def test_every_mistake_in_templates_is_named(tool, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "subject.mustache").write_text("{{#open}}")
    done = tool.chatear("templates", "check", "--templates", str(tmp_path), check=False)
    assert done.returncode == 1
    assert "one/subject.mustache" in done.stderr and "two/subject.mustache" in done.stderr
