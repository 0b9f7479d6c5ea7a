"""An authority for one scenario, and servers that speak TLS with a certificate of its making."""

import os
import shutil
import subprocess

from dev_stack.places import free_port


class Tls:
    """All four servers of a stack, restarted or told to speak TLS; `settings` are what a worker needs for them."""

    def __init__(self, world):
        self.world, self.folder = world, world.stack.folder / "tls"
        self.folder.mkdir()
        self.ca, self.certificate, self.key = (self.folder / name for name in ("ca.crt", "server.crt", "server.key"))
        make(["-subj", "/CN=Chatear test authority"], self.ca, self.folder / "ca.key")
        make(["-subj", "/CN=Chatear test server", "-CA", self.ca, "-CAkey", self.folder / "ca.key",
              "-addext", "subjectAltName=IP:127.0.0.1"], self.certificate, self.key)
        self._nats()
        self._mail()
        self._postgres()
        self.redis_port = self._redis()

    def settings(self, port_of):
        """`port_of` is given a server's name and port and says which port to use for it."""
        stack = self.world.stack
        return {
            "NATS_URL": f"tls://127.0.0.1:{port_of('nats', stack.nats.port)}", "NATS_CA_FILE": str(self.ca),
            "DATABASE_URL": f"postgres://chatear@127.0.0.1:{port_of('postgres', stack.postgres.port)}/chatear"
                            f"?sslmode=verify-full&sslrootcert={self.ca}",
            "REDIS_URL": f"rediss://127.0.0.1:{port_of('redis', self.redis_port)}/0", "REDIS_CA_FILE": str(self.ca),
            "SMTP_PORT": str(port_of("mail", stack.mail.port)), "SMTP_TLS": "starttls", "SMTP_CA_FILE": str(self.ca),
        }

    def _nats(self):
        nats = self.world.stack.nats
        nats.stop()
        nats.extra = f'tls {{ cert_file: "{self.certificate}", key_file: "{self.key}", timeout: 10 }}\nallow_non_tls: true\n'  # For us.
        nats.start()

    def _mail(self):
        mail = self.world.stack.mail
        mail.stop()
        mail.options += ["--starttls", self.certificate, self.key]
        mail.start()

    def _postgres(self):
        data = self.world.stack.postgres.data
        owner = data.stat()
        for path in (self.certificate, self.key):
            copy = shutil.copy(path, data)
            os.chown(copy, owner.st_uid, owner.st_gid)
            os.chmod(copy, 0o600)
        for name, value in {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "ssl": "on"}.items():
            self.world.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        self.world.sql("SELECT pg_reload_conf()")

    def _redis(self):
        import redis

        port = free_port()
        with redis.Redis(port=self.world.stack.redis.port) as client:
            client.execute_command("CONFIG", "SET", "tls-cert-file", str(self.certificate), "tls-key-file", str(self.key),
                                   "tls-ca-cert-file", str(self.ca), "tls-auth-clients", "no", "tls-port", port)
        return port


def make(arguments, certificate, key):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-out", certificate, "-keyout", key, *arguments], check=True, capture_output=True)
