"""What is shipped for deployment names only settings, services and files that there are."""

import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKERS = ["notification-worker", "user-delete-worker"]


def settings():
    return set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M))


def compose():
    return yaml.safe_load((ROOT / "docker-compose.events.yml").read_text())


def test_the_compose_file_has_the_workers_and_everything_they_talk_to():
    assert set(compose()["services"]) == {"nats", "redis", "postgres", "mail", "migrate", *WORKERS}


def test_workers_start_when_their_servers_are_healthy_and_the_tables_are_there():
    for name in WORKERS:
        waits_for = compose()["services"][name]["depends_on"]
        assert waits_for["migrate"]["condition"] == "service_completed_successfully"
        assert waits_for["nats"]["condition"] == "service_healthy"
        assert waits_for["redis"]["condition"] == "service_healthy"
    assert compose()["services"]["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_the_compose_file_sets_only_settings_that_there_are():
    for name in [*WORKERS, "migrate"]:
        unknown = set(compose()["services"][name]["environment"]) - settings()
        assert unknown == set(), name


def test_the_eight_variables_of_the_original_reach_both_workers():
    original = {"DATABASE_URL", "NATS_URL", "REDIS_URL", "SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASS", "SMTP_FROM"}
    for name in WORKERS:
        assert original <= set(compose()["services"][name]["environment"])


def test_a_stop_leaves_longer_than_the_drain():
    timeout = re.search(r"`SHUTDOWN_TIMEOUT` \| `(\d+)s`", (ROOT / "docs/configuration.md").read_text())[1]
    for name in WORKERS:
        assert int(compose()["services"][name]["stop_grace_period"].rstrip("s")) > int(timeout)
        unit = (ROOT / f"deploy/systemd/chatear-{name}.service").read_text()
        assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1]) > int(timeout)


def test_files_that_the_compose_file_mounts_are_there():
    for service in compose()["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file(), source


def test_the_example_environment_of_the_units_has_only_settings_that_there_are():
    text = (ROOT / "deploy/systemd/chatear.env.example").read_text()
    assert set(re.findall(r"^([A-Z_]+)=", text, re.M)) <= settings()


def test_the_image_holds_what_its_build_stage_makes():
    text = (ROOT / "deploy/Containerfile").read_text()
    for program in [*WORKERS, "chatear"]:
        assert program in (ROOT / "CMakeLists.txt").read_text()
        assert (ROOT / "apps" / program / "main.cpp").is_file()
    assert re.search(r"^USER 10001$", text, re.M)
