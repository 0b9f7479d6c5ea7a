'use strict';
// smtp-server on 127.0.0.1:PORT, which keeps in FOLDER what it takes: all for b.test but refuse@b.test.
//     node smtp_server.js NODE_MODULES PORT FOLDER
const path = require('node:path');
const MailStore = require('./mail_store.js');

const [modules, port, folder] = process.argv.slice(2);
const { SMTPServer } = require(path.join(modules, 'smtp-server'));
const store = new MailStore(folder);

function refusal(text) {
    return Object.assign(new Error(text), { responseCode: 550 });
}

const server = new SMTPServer({
    name: 'smtp-server.test',
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onRcptTo(address, session, done) {
        const taken = address.address.endsWith('@b.test') && address.address !== 'refuse@b.test';
        done(taken ? null : refusal('5.1.1 nobody of this name'));
    },
    onData(stream, session, done) {
        const pieces = [];
        stream.on('data', (piece) => pieces.push(piece));
        stream.on('end', () => {
            const { mailFrom, rcptTo } = session.envelope;
            const to = rcptTo.map((recipient) => recipient.address);
            store.keep({ from: mailFrom.address, to, peer: session.remotePort, content: Buffer.concat(pieces) });
            done();
        });
    },
});
server.on('error', (error) => console.error(error.message));
server.listen(Number(port), '127.0.0.1');
