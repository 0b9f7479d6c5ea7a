"""What is shipped for deployment names only settings, services and files that there are, and its files say what they are to say.

The image itself is built and run by `./dev image`.
"""

import http.server
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKERS = ["notification-worker", "user-delete-worker"]
UNITS = {"notification-worker": "chatear-notification-worker@.service", "user-delete-worker": "chatear-user-delete-worker.service"}
HEALTHY = ROOT / "deploy/chatear-healthy"


def settings():
    return set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M))


def default(name):
    return re.search(rf"^\| `{name}` \| `([^`]+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M)[1]


def compose():
    return yaml.safe_load((ROOT / "docker-compose.events.yml").read_text())


def test_the_compose_file_has_the_workers_and_everything_they_talk_to():
    assert set(compose()["services"]) == {"nats", "redis", "postgres", "mail", "migrate", *WORKERS}


def test_each_starts_when_what_it_needs_is_healthy_and_the_tables_are_there():
    services = compose()["services"]
    for name in WORKERS:
        waits_for = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        assert waits_for == {"nats": "service_healthy", "redis": "service_healthy", "mail": "service_healthy",
                             "migrate": "service_completed_successfully"}
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ["nats", "redis", "postgres", "mail", *WORKERS]:
        assert services[name]["healthcheck"]["test"][0] == "CMD", name


def test_every_setting_but_the_places_in_the_image_reaches_both_workers():
    for name in [*WORKERS, "migrate"]:
        assert set(compose()["services"][name]["environment"]) == settings() - settings_of_the_image(), name


def settings_of_the_image():
    """Those that the Containerfile's ENV has; a null in the compose file would take them away."""
    text = re.search(r"^ENV (.*?[^\\])$", (ROOT / "deploy/Containerfile").read_text(), re.M | re.S)[1]
    found = set(re.findall(r"([A-Z_]+)=", text))
    assert "STATE_DIR" in found and found <= settings()
    return found


def test_the_eight_variables_of_the_original_have_a_value_or_come_from_outside():
    original = {"DATABASE_URL", "NATS_URL", "REDIS_URL", "SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASS", "SMTP_FROM"}
    for name in WORKERS:
        assert original <= set(compose()["services"][name]["environment"])


def test_docker_compose_takes_the_file_and_hands_on_what_env_says(tmp_path):
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not on this machine")
    (tmp_path / ".env").write_text("EMAIL_RATE=5/1m\nNATS_URL=nats://elsewhere:4222\n")
    shutil.copy(ROOT / "docker-compose.events.yml", tmp_path)
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(["docker-compose", "-f", "docker-compose.events.yml", "config"], cwd=tmp_path, env=bare, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for name in WORKERS:
        environment = yaml.safe_load(done.stdout)["services"][name]["environment"]
        assert environment["EMAIL_RATE"] == "5/1m" and environment["NATS_URL"] == "nats://elsewhere:4222"
        assert environment["EMAIL_RATE_PER_DOMAIN"] is None and environment["SMTP_PORT"] == "1025"


def test_a_stop_leaves_longer_than_the_drain():
    timeout = default("SHUTDOWN_TIMEOUT").rstrip("s")
    for name in WORKERS:
        assert int(compose()["services"][name]["stop_grace_period"].rstrip("s")) > int(timeout)
        assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit(name), re.M)[1]) > int(timeout)


def test_files_that_the_compose_file_mounts_are_there():
    for service in compose()["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_file(), source


def test_the_units_and_their_example_environment_have_only_settings_that_there_are():
    text = (ROOT / "deploy/systemd/chatear.env.example").read_text()
    named = set(re.findall(r"^([A-Z_]+)=", text, re.M))
    for name in WORKERS:
        named |= {word.split("=")[0] for line in re.findall(r"^Environment=(.*)$", unit(name), re.M) for word in line.split()}
    assert {"STATE_DIR", "DATABASE_URL"} <= named and named <= settings()


def unit(name):
    return (ROOT / "deploy/systemd" / UNITS[name]).read_text()


def test_the_workers_of_one_machine_listen_on_ports_of_their_own():
    example = (ROOT / "deploy/systemd/chatear.env.example").read_text()
    health = [re.search(r"^Environment=HTTP_LISTEN=(\S+)$", unit(name), re.M)[1] for name in WORKERS]
    recovery = re.search(r"^RECOVERY_LISTEN=(\S+)$", example, re.M)[1]
    assert "HTTP_LISTEN=" not in example
    ports = [address.replace("%i", str(number)) for address in [*health, recovery] for number in range(1, 10)]
    assert len(set(ports)) == 9 + 1 + 1


def test_the_units_differ_in_nothing_but_names_and_ports():
    def common(name):
        text = re.sub(r"(?m)^(Description|Environment=HTTP_LISTEN)=.*$|^# .*$", "", unit(name))
        return text.replace(name, "WORKER").replace("-%i", "")

    assert common(WORKERS[0]) == common(WORKERS[1])


def test_systemd_takes_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    units = []
    for name in WORKERS:
        assert f"ExecStart=/usr/local/bin/{name}\n" in unit(name)
        units.append(tmp_path / UNITS[name])
        units[-1].write_text(unit(name).replace(f"/usr/local/bin/{name}", "/bin/true"))  # It is to be there.
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if "chatear-" in line]
    assert (done.returncode, said) == (0, [])


def test_the_image_holds_what_its_build_stage_makes():
    text = (ROOT / "deploy/Containerfile").read_text()
    for program in [*WORKERS, "chatear"]:
        assert program in (ROOT / "CMakeLists.txt").read_text()
        assert (ROOT / "apps" / program / "main.cpp").is_file()
    assert re.search(r"^USER 10001$", text, re.M)


def test_what_the_image_is_built_from_is_not_left_out_of_its_context():
    left_out = (ROOT / ".dockerignore").read_text().split()
    build = (ROOT / "CMakeLists.txt").read_text()
    always = re.findall(r"add_subdirectory\((\w+)\)", re.sub(r"(?s)if\(CHATEAR_TESTS\).*?endif\(\)", "", build))
    installed = re.findall(r"install\((?:FILES|DIRECTORY) (.*?) DESTINATION", build)
    needed = {*always, *" ".join(installed).split(), "tools", "dev", "deploy", "cmake", "CMakeLists.txt", "CMakePresets.json"} - {"tests/fuzz"}
    assert {"src", "apps", "templates", "docs"} <= needed
    assert needed & set(left_out) == set()


def test_the_advice_on_scaling_names_metrics_that_there_are_and_defaults_as_they_are():
    advice = (ROOT / "docs/deployment.md").read_text()
    metrics = set(re.findall(r"chatear_[a-z_]+", advice))
    assert "chatear_events_in_hand" in metrics
    assert metrics <= set(re.findall(r"chatear_[a-z_]+", (ROOT / "docs/operations.md").read_text()))
    stated = re.findall(r"`([A-Z_]+)` \((\d+\w*)\)", advice)
    assert ("WORKER_CONCURRENCY", "512") in stated
    for name, value in stated:
        assert default(name) == value, name


class Health(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.send_response(self.status if self.path == "/healthz" and self.headers["Host"] else 400)
        self.end_headers()

    def log_message(self, *_):
        pass


def healthy(listen):
    done = subprocess.run([HEALTHY], env={"PATH": os.environ["PATH"], "HTTP_LISTEN": listen}, capture_output=True, timeout=20)
    return done.returncode == 0


@pytest.fixture
def health_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_image_is_healthy_while_its_worker_says_so(health_server, monkeypatch):
    port = health_server.server_address[1]
    assert healthy(f"127.0.0.1:{port}")
    assert healthy(f"0.0.0.0:{port}")
    monkeypatch.setattr(Health, "status", 503)
    assert not healthy(f"127.0.0.1:{port}")


def test_the_image_is_healthy_on_ipv6_too():
    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6

    try:
        server = Server(("::1", 0), Health)
    except OSError:
        pytest.skip("no IPv6 here")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    assert healthy(f"[::1]:{server.server_address[1]}") and healthy(f"[::]:{server.server_address[1]}")
    server.shutdown()
    server.server_close()


def test_the_image_is_not_healthy_when_nobody_answers_and_is_when_nobody_is_to():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not healthy(f"127.0.0.1:{port}")  # Accepts, says nothing.
    assert not healthy(f"127.0.0.1:{port}")
    assert healthy("off")


@pytest.mark.parametrize("unit", UNITS.values())
def test_a_unit_lets_its_worker_read_which_start_of_the_machine_it_is(unit):
    """A flight recorder of another start is not believed; ProcSubset=pid hides /proc/sys/kernel/random/boot_id."""
    assert "ProcSubset=pid" not in [line.strip() for line in (ROOT / "deploy/systemd" / unit).read_text().splitlines()]
