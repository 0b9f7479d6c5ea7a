// The peer of notification-worker in `./dev bench`: takes e-mails from a durable consumer of JetStream, claims each in a
// table, sends it by a pool of SMTP connections, notes it as sent, and acknowledges it. One statement an e-mail and step, as
// the libraries are meant to be used; what it lacks of our guarantees is in docs/benchmarks.md.
import { AckPolicy, RetentionPolicy, connect, nanos } from 'nats';
import nodemailer from 'nodemailer';
import pg from 'pg';

const settings = {
    concurrency: Number(process.env.PEER_CONCURRENCY),
    databaseConnections: Number(process.env.PEER_DATABASE_CONNECTIONS),
    smtpConnections: Number(process.env.PEER_SMTP_CONNECTIONS),
};
const stream = 'PEER';
const durable = 'peer';

// Named, so that the server parses and plans each once a connection.
const claimStatement = {
    name: 'claim',
    text: `INSERT INTO peer_sends (event_id, recipient, status, claimed_at) VALUES ($1, $2, 'sending', now())
           ON CONFLICT (event_id) DO NOTHING`,
};
const statusStatement = { name: 'status', text: 'SELECT status FROM peer_sends WHERE event_id = $1' };
const sentStatement = {
    name: 'sent',
    text: `UPDATE peer_sends SET status = 'sent', sent_at = now() WHERE event_id = $1`,
};

async function makeTable(pool) {
    await pool.query(`CREATE TABLE IF NOT EXISTS peer_sends (event_id text PRIMARY KEY, recipient text NOT NULL,
                      status text NOT NULL, claimed_at timestamptz NOT NULL, sent_at timestamptz)`);
}

// The same kind of stream and consumer as notification-worker declares.
async function makeConsumer(connection) {
    const manager = await connection.jetstreamManager();
    await manager.streams.add({ name: stream, subjects: ['peer.send'], retention: RetentionPolicy.Workqueue });
    await manager.consumers.add(stream, {
        durable_name: durable, ack_policy: AckPolicy.Explicit, ack_wait: nanos(30_000), max_ack_pending: 5120,
        filter_subject: 'peer.send',
    });
    return connection.jetstream().consumers.get(stream, durable);
}

// "100/1m": so many e-mails to a recipient in a minute. Without a limit Redis is not asked, as by notification-worker.
async function makeLimit() {
    if (!process.env.PEER_RATE_PER_RECIPIENT) {
        return async () => true;
    }
    const { Redis } = await import('ioredis');
    const [, most, count, unit] = /^(\d+)\/(\d+)([smhd])$/.exec(process.env.PEER_RATE_PER_RECIPIENT);
    const seconds = count * { s: 1, m: 60, h: 3600, d: 86400 }[unit];
    const redis = new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });
    redis.defineCommand('take', {
        numberOfKeys: 1,
        lua: `local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end return n`,
    });
    return async (recipient) => (await redis.take(`peer:${recipient}`, seconds)) <= Number(most);
}

class Peer {
    constructor(pool, transport, isWithinLimit) {
        this.pool = pool;
        this.transport = transport;
        this.isWithinLimit = isWithinLimit;
        this.failures = 0;
    }

    async claim(eventId, recipient) {
        const claimed = await this.pool.query({ ...claimStatement, values: [eventId, recipient] });
        if (claimed.rowCount === 1) {
            return true;
        }
        const found = await this.pool.query({ ...statusStatement, values: [eventId] });
        return found.rows[0].status !== 'sent';
    }

    async handle(message) {
        const event = message.json();
        const eventId = event.event_id ?? message.headers?.get('Nats-Msg-Id') ?? `${stream}-${message.seq}`;
        if (!(await this.claim(eventId, event.recipient))) {
            message.ack();
            return;
        }
        if (!(await this.isWithinLimit(event.recipient))) {
            message.nak(60_000);
            return;
        }
        await this.transport.sendMail({
            from: process.env.SMTP_FROM, to: event.recipient, subject: event.subject, text: event.body,
            messageId: `<${eventId}@peer.test>`,
        });
        await this.pool.query({ ...sentStatement, values: [eventId] });
        message.ack();
    }

    // At most `concurrency` at once; the consumer asks for more by itself before it has none.
    async run(messages) {
        let inHand = 0;
        let freed = () => {};
        for await (const message of messages) {
            inHand += 1;
            this.handle(message).catch((error) => {
                this.failures += 1;
                console.error(JSON.stringify({ level: 'error', message: error.message }));
                message.nak(1_000);
            }).finally(() => {
                inHand -= 1;
                freed();
            });
            if (inHand >= settings.concurrency) {
                await new Promise((resolve) => { freed = resolve; });
            }
        }
        while (inHand > 0) {
            await new Promise((resolve) => { freed = resolve; });
        }
    }
}

async function main() {
    const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: settings.databaseConnections });
    await makeTable(pool);
    const connection = await connect({ servers: process.env.NATS_URL });
    const consumer = await makeConsumer(connection);
    if (process.argv.includes('--declare')) {
        await connection.close();
        await pool.end();
        return;
    }
    const transport = nodemailer.createTransport({
        host: process.env.SMTP_HOST, port: Number(process.env.SMTP_PORT), secure: false, ignoreTLS: true,
        pool: true, maxConnections: settings.smtpConnections, maxMessages: Infinity,
    });
    const peer = new Peer(pool, transport, await makeLimit());
    const messages = await consumer.consume({ max_messages: 2 * settings.concurrency });
    process.on('SIGTERM', () => messages.close());
    console.log(JSON.stringify({ level: 'info', message: 'ready' }));
    await peer.run(messages);
    await connection.drain();
    transport.close();
    await pool.end();
    process.exit(peer.failures === 0 ? 0 : 1);
}

await main();
