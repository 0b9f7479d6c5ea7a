#pragma once

#include "smtp/mail_transaction.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp::test {

// An Exchange has what the client sends and the server's reply to it.
struct Exchange {
    std::string client;
    Reply reply;
};

inline const std::vector<Exchange> script = {
    {"MAIL FROM:<shop@a.test> SIZE=7\r\n", {250, "ok"}},
    {"RCPT TO:<ann@b.test>\r\n", {250, "ok"}},
    {"DATA\r\n", {354, "go on"}},
    {"Hello\r\n.\r\n", {250, "queued"}},
};
inline const std::string chunk_group =
    "MAIL FROM:<shop@a.test> SIZE=7\r\nRCPT TO:<ann@b.test>\r\nBDAT 7 LAST\r\nHello\r\n";

/// A transaction alone on its connection, and the one who does what it asks for.
class Alone {
public:
    explicit Alone(
        MailTransaction::Turn turn, Manner manner = Manner::data, std::string content = "Hello\r\n"
    )
        : transaction(
              Envelope{"shop@a.test", "ann@b.test", false},
              Mail{" SIZE=7", std::move(content)},
              manner
          ),
          turn_(turn) {}

    /// Goes on until a reply is due, or it has finished; what was written.
    std::string write_all(bool permitted = true) {
        std::string written;
        while (transaction.next() != MailTransaction::Next::wait &&
               transaction.next() != MailTransaction::Next::finished) {
            if (transaction.next() == MailTransaction::Next::begin) {
                transaction.begin(turn_);
            } else if (transaction.next() == MailTransaction::Next::ask) {
                transaction.on_asked();
                EXPECT_EQ(transaction.next(), MailTransaction::Next::wait);
                transaction.on_permission(permitted);
            } else {
                written += write_once();
            }
        }
        return written;
    }

    std::string write_once() {
        std::vector<std::string_view> pieces;
        std::vector<Step> steps;
        transaction.take_output(pieces, steps);
        answers.insert(answers.end(), steps.begin(), steps.end());
        std::string written;
        for (const std::string_view piece : pieces) {
            written += piece;
        }
        return written;
    }

    MailTransaction::Effect reply(const Reply& reply) {
        const Step answered = answers.front();
        answers.pop_front();
        return transaction.on_reply(answered, reply);
    }

    /// Plays replies in order, all of them; what the client wrote in between.
    std::vector<std::string> play(const std::vector<Reply>& replies) {
        std::vector<std::string> written;
        for (const Reply& next : replies) {
            std::string output = write_all();
            if (!output.empty()) {
                written.push_back(std::move(output));
            }
            reply(next);
        }
        return written;
    }

    bool finished() const { return transaction.next() == MailTransaction::Next::finished; }
    const SendResult& result() const { return transaction.result(); }

    MailTransaction transaction;
    std::deque<Step> answers;

private:
    MailTransaction::Turn turn_;
};

inline Alone begin(bool pipelining, bool reset_first = false) {
    return Alone({.pipelining = pipelining, .reset_first = reset_first});
}

inline Alone chunked(bool merged = false) {
    return Alone({.pipelining = true, .merged = merged, .reset_first = merged}, Manner::chunk);
}

/// A transaction that has gone through the first `steps` of the script.
inline Alone after(std::size_t steps, bool pipelining) {
    Alone mail = begin(pipelining);
    for (std::size_t step = 0; step < steps; ++step) {
        mail.write_all();
        mail.reply(script[step].reply);
    }
    return mail;
}

}  // namespace chatear::smtp::test
