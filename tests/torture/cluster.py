"""Three NATS servers with three copies of each stream, whose leader is killed or stands still."""

import itertools
import time

from dev_stack.nats_client import NatsClient, NatsError
from dev_stack.places import free_port
from dev_stack.process import wait_until
from dev_stack.servers import NatsServer
from publisher import Publisher
from reckoning import Load
from scenario import Scenario
from under_load import CONSUMER, STREAM, UnderLoad


class NatsCluster:
    """In the place of a stack's one server; asked is whoever runs."""

    def __init__(self, folder, size=3):
        routes = [free_port() for _ in range(size)]
        known = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
        self.nodes = {
            f"node{number}": NatsServer(
                folder / f"nats-{number}",
                extra=f'server_name: node{number}\ncluster {{ name: torture, listen: "127.0.0.1:{port}", routes: [{known}] }}\n')
            for number, port in enumerate(routes)
        }

    @property
    def port(self):
        return next(node.port for node in self.nodes.values() if node.process.alive())

    def ports(self):
        return [node.port for node in self.nodes.values()]

    def url(self):
        return ",".join(node.url() for node in self.nodes.values())

    def start(self):
        for node in self.nodes.values():
            node.start()

    def stop(self):
        for node in self.nodes.values():
            node.kill()

    def remove(self):
        for node in self.nodes.values():
            if node.process is not None:
                node.thaw()
            node.remove()

    def ask(self, subject, request=None):
        """One call of the JetStream API; nothing while nobody answers it."""
        try:
            with NatsClient(self.port, timeout=2) as nats:
                return nats.api(subject, request)
        except (OSError, NatsError):
            return None

    def stream_leader(self):
        """Its name, once the stream has a leader and all copies are complete."""
        info = self.ask(f"STREAM.INFO.{STREAM}")
        state = info and info["cluster"]
        whole = state and state.get("leader") and all(copy["current"] for copy in state["replicas"])
        return state["leader"] if whole else None


class ClusterPublisher(Publisher):
    """Asks the next server where one does not answer."""

    def __init__(self, ports, stopped):
        super().__init__(ports[0], stopped)
        self._ports = itertools.cycle(ports)

    def _connect(self):
        if self._nats is None:
            self._port = next(self._ports)
        super()._connect()


class ClusterLoad(Load):
    def __init__(self, world, prefix):
        super().__init__(world, prefix)
        self._publisher = ClusterPublisher(world.stack.nats.ports(), stopped=self._stop.is_set)


def nats_leader_dies(world, scale):
    """The leader of the stream is killed or frozen again and again: another goes on with all that was acknowledged."""
    world.stack.nats.stop()
    cluster = world.stack.nats = NatsCluster(world.stack.folder)
    cluster.start()
    stream = {"name": STREAM, "subjects": ["email.send"], "retention": "workqueue", "num_replicas": 3}
    wait_until(lambda: cluster.ask(f"STREAM.CREATE.{STREAM}", stream), 30, "the cluster has made the stream")
    consumer = {"durable_name": CONSUMER, "filter_subject": "email.send", "ack_policy": "explicit", "deliver_policy": "all",
                "ack_wait": int(scale.ack_wait * 1e9), "max_ack_pending": 20_000, "max_deliver": -1}
    wait_until(lambda: cluster.ask(f"CONSUMER.DURABLE.CREATE.{STREAM}.{CONSUMER}", {"stream_name": STREAM, "config": consumer}), 30,
               "the cluster has made the consumer")
    under = UnderLoad(world, "nats-leader-dies", scale, declared=False, load=ClusterLoad, NATS_REPLICAS="3")

    def one():
        name = wait_until(cluster.stream_leader, 60, lambda: "the stream has a leader and three copies")
        leader = cluster.nodes[name]
        if under.chance.random() < scale.frozen:
            leader.freeze()
            time.sleep(under.chance.uniform(1, scale.longest_away))
            leader.thaw()
        else:
            leader.kill()
            time.sleep(under.chance.uniform(0.1, scale.longest_away))
            leader.start()

    under.harm(one, (0.1, scale.longest_pause))
    return under.end(pure=True)


SCENARIOS = [
    Scenario("nats-leader-dies", nats_leader_dies, short=None,
             long={"workers": 3, "seed": 1, "ack_wait": 10, "mails": 3000, "a_second": 25, "seconds": 110, "frozen": 0.3, "longest_away": 12,
                   "longest_pause": 4, "patience": 150}),
]
