"""Streams and consumers as the workers make them, but for when JetStream delivers again what a dead one had."""

MAILS = ("NOTIFICATIONS", "notification-worker", ["email.send"])
USERS = ("USERS", "user-delete-worker", ["user.delete", "user.recover"])


def declare(world, ack_wait, kind=MAILS):
    """Before the first worker. `ack_wait`: seconds; None leaves it to the workers (30)."""
    if ack_wait is None:
        return
    stream, worker, subjects = kind
    with world.nats() as nats:
        nats.api(f"STREAM.CREATE.{stream}", {"name": stream, "subjects": subjects, "retention": "workqueue"})
        for subject in subjects:
            durable = f"{worker}-{subject.replace('.', '-')}"
            nats.api(f"CONSUMER.DURABLE.CREATE.{stream}.{durable}", {"stream_name": stream, "config": {
                "durable_name": durable, "filter_subject": subject, "ack_policy": "explicit", "deliver_policy": "all",
                "ack_wait": int(ack_wait * 1e9), "max_ack_pending": 20_000, "max_deliver": -1}})
