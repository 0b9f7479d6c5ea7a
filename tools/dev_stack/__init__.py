"""Private NATS, Redis, PostgreSQL and a mail catcher on loopback, for `./dev up` and tests/system."""
