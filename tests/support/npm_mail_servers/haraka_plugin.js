'use strict';
// The only plugin of the tests' Haraka: takes all for b.test but refuse@b.test, and keeps it in CHATEAR_MAIL_FOLDER.
const { Writable } = require('node:stream');
const MailStore = require(process.env.CHATEAR_MAIL_STORE);

const store = new MailStore(process.env.CHATEAR_MAIL_FOLDER);

exports.hook_rcpt = function (next, connection, params) {
    const [recipient] = params;
    if (recipient.host !== 'b.test' || recipient.user === 'refuse') {
        next(DENY, '5.1.1 nobody of this name');
        return;
    }
    next(OK);
};

exports.hook_queue = function (next, connection) {
    const { mail_from: from, rcpt_to: to, message_stream: stream } = connection.transaction;
    const address = (path) => `${path.user}@${path.host}`;
    const pieces = [];
    const whole = new Writable({
        write(piece, encoding, done) {
            pieces.push(piece);
            done();
        },
    });
    whole.on('finish', () => {
        store.keep({ from: address(from), to: to.map(address), peer: connection.remote.port, content: Buffer.concat(pieces) });
        next(OK);
    });
    stream.pipe(whole);
};
