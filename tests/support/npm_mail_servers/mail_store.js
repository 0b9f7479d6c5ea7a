'use strict';
// Keeps mails as tests/support/mail_catcher.py does: FOLDER/<number>.eml, and a line of FOLDER/index.jsonl each.
const fs = require('node:fs');
const path = require('node:path');

class MailStore {
    constructor(folder) {
        this.folder = folder;
        this.number = 0;
        fs.mkdirSync(folder, { recursive: true });
    }

    keep({ from, to, peer, content }) {
        this.number += 1;
        const file = `${String(this.number).padStart(6, '0')}.eml`;
        fs.writeFileSync(path.join(this.folder, file), content);
        const line = { file, from, to, options: [], peer, tls: false, user: null };
        fs.appendFileSync(path.join(this.folder, 'index.jsonl'), `${JSON.stringify(line)}\n`);
    }
}

module.exports = MailStore;
