import pytest

from world import mail_event


@pytest.fixture
def templates(world, tmp_path):
    world.settings["TEMPLATES_DIR"] = str(tmp_path)

    def write(name, **parts):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for part, text in parts.items():
            (folder / f"{part}.mustache").write_text(text)

    write("hello", subject="Hello {{name}}", text="Dear {{name}},\n{{body}}", html="<p>Dear <b>{{name}}</b></p>")
    return write


def test_a_template_makes_subject_text_and_escaped_html(world, templates):
    world.ready_worker()
    world.publish(mail_event(template_name="hello", template_data={"name": "Ann & <Bob>"}))
    [mail] = world.wait_for_mails(1)
    assert mail["Subject"] == "Hello Ann & <Bob>"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == "Dear Ann & <Bob>,\nBody 1"
    assert "Dear <b>Ann &amp; &lt;Bob&gt;</b>" in mail.get_body(("html",)).get_content()


def test_a_locale_has_its_own_template(world, templates):
    templates("hello/de", subject="Hallo {{name}}", text="Liebe {{name}}", html="<p>Liebe {{name}}</p>")
    world.ready_worker()
    world.publish(mail_event(template_name="hello", template_data={"name": "Ann"}, locale="de"))
    [mail] = world.wait_for_mails(1)
    assert mail["Subject"] == "Hallo Ann"


def test_a_missing_template_is_a_dead_letter(world, templates):
    world.ready_worker()
    world.publish(mail_event(template_name="unheard-of"))
    [(subject, headers, _)] = world.wait_for_dead_letters(1)
    assert subject == "dlq.email.send"
    assert "unheard-of" in headers
    assert world.mails() == []


def test_a_broken_template_stops_the_start_with_file_and_line(world, templates):
    templates("broken", subject="fine", text="one\ntwo\n{{#open}} never closed\n")
    worker = world.worker()
    assert worker.ended() != 0
    assert "broken/text.mustache:3" in worker.log()
