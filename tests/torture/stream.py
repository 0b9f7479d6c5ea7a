"""The stream and consumer of e-mails as the workers make them, but for when JetStream delivers again what a dead one had."""

STREAM, CONSUMER = "NOTIFICATIONS", "notification-worker-email-send"


def declare(world, ack_wait):
    """Before the first worker. `ack_wait`: seconds; None leaves it to the workers (30)."""
    if ack_wait is None:
        return
    with world.nats() as nats:
        nats.api(f"STREAM.CREATE.{STREAM}", {"name": STREAM, "subjects": ["email.send"], "retention": "workqueue"})
        nats.api(f"CONSUMER.DURABLE.CREATE.{STREAM}.{CONSUMER}", {"stream_name": STREAM, "config": {
            "durable_name": CONSUMER, "filter_subject": "email.send", "ack_policy": "explicit", "deliver_policy": "all",
            "ack_wait": int(ack_wait * 1e9), "max_ack_pending": 20_000, "max_deliver": -1}})
