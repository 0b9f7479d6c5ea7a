from world import mail_event

REQUIRED = ["DATABASE_URL", "NATS_URL", "REDIS_URL", "SMTP_HOST", "SMTP_PORT", "SMTP_FROM"]


def test_all_missing_variables_are_named_at_once(world):
    worker = world.worker(**dict.fromkeys(REQUIRED))
    assert worker.ended() != 0
    for name in REQUIRED:
        if name != "REDIS_URL":  # Required only where there is a limit.
            assert name in worker.log()


def test_wrong_values_are_named_with_value_and_remedy(world):
    wrong = {"SMTP_PORT": "smtp", "SHUTDOWN_TIMEOUT": "25", "SMTP_TLS": "maybe", "HTTP_LISTEN": "here", "MEMORY_BUDGET": "much"}
    worker = world.worker(**wrong)
    assert worker.ended() != 0
    for name, value in wrong.items():
        assert name in worker.log() and value in worker.log()
    assert "starttls" in worker.log(), "what is allowed instead"


def test_a_secret_from_a_file_is_not_shown(world, tmp_path):
    (tmp_path / "password").write_text("open-sesame\n")
    worker = world.worker(SMTP_USER="me", SMTP_PASS_FILE=str(tmp_path / "password"), SMTP_PORT="smtp")
    assert worker.ended() != 0
    assert "open-sesame" not in worker.log()


def test_a_database_without_our_tables_is_said(world):
    worker = world.worker(MIGRATE=None)
    assert worker.ended() != 0
    assert "chatear migrate up" in worker.log()


def test_migrations_are_applied_when_told_and_only_once(world):
    world.ready_worker()
    again = world.ready_worker()
    world.publish(mail_event())
    world.wait_for_mails(1)
    assert again.terminate() == 0
