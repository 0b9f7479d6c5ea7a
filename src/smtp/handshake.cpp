#include "smtp/handshake.hpp"

#include "base/assert.hpp"

#include <utility>

namespace chatear::smtp {

Handshake::Handshake(
    TlsPolicy tls,
    std::string helo_name,
    std::optional<Credentials> credentials,
    std::optional<Mechanism> wanted
)
    : tls_(tls),
      helo_name_(std::move(helo_name)),
      credentials_(std::move(credentials)),
      wanted_(wanted),
      encrypted_(tls == TlsPolicy::implicit) {}

Handshake::Next Handshake::next() const {
    return next_;
}

std::string Handshake::take_output() {
    CHATEAR_ASSERT(next_ == Next::write);
    next_ = Next::read;
    return std::exchange(output_, std::string());
}

void Handshake::say(Step step, std::string line) {
    step_ = step;
    output_ = std::move(line);
    next_ = Next::write;
}

void Handshake::fail(Culprit culprit, std::string why) {
    culprit_ = culprit;
    why_ = std::move(why);
    next_ = Next::failed;
}

void Handshake::on_reply(const Reply& reply) {
    CHATEAR_ASSERT(next_ == Next::read);
    if (step_ == Step::hello) {
        on_hello(reply);
        return;
    }
    if (step_ == Step::authentication) {
        on_authentication(reply);
        return;
    }
    const Culprit culprit = classify(step_, reply);
    if (culprit != Culprit::accepted) {
        asked_for_less_ =
            reply.verdict() == Verdict::unavailable || reply.verdict() == Verdict::try_later;
        fail(culprit, std::string(to_text(step_)) + ": " + reply.one_line());
    } else if (step_ == Step::greeting) {
        say(Step::hello, "EHLO " + helo_name_ + "\r\n");
    } else {
        step_ = Step::tls;
        next_ = Next::start_tls;
    }
}

void Handshake::on_hello(const Reply& reply) {
    const Culprit culprit = classify(Step::hello, reply);
    if (culprit == Culprit::accepted) {
        extensions_ = plain_hello_ ? Extensions() : parse_extensions(reply);
        after_hello();
        return;
    }
    const bool unknown_command = reply.code == 500 || reply.code == 502;
    if (unknown_command && !plain_hello_) {
        plain_hello_ = true;  // RFC 5321, 3.2.
        say(Step::hello, "HELO " + helo_name_ + "\r\n");
        return;
    }
    asked_for_less_ = asks_for_less(reply);
    fail(culprit, "hello: " + reply.one_line());
}

void Handshake::after_hello() {
    const bool wanted = tls_ == TlsPolicy::starttls || tls_ == TlsPolicy::when_offered;
    if (wanted && !encrypted_ && extensions_.starttls) {
        say(Step::starttls, "STARTTLS\r\n");
    } else if (tls_ == TlsPolicy::starttls && !encrypted_) {
        fail(Culprit::unavailable, "starttls: the mail server does not offer it (SMTP_TLS)");
    } else if (credentials_) {
        begin_authentication();
    } else {
        next_ = Next::ready;
    }
}

void Handshake::on_tls_started() {
    CHATEAR_ASSERT(next_ == Next::start_tls);
    encrypted_ = true;
    extensions_ = Extensions();  // RFC 3207, 4.2: what was said in the clear counts for nothing.
    say(Step::hello, "EHLO " + helo_name_ + "\r\n");
}

void Handshake::begin_authentication() {
    const Result<Mechanism> mechanism = choose_mechanism(wanted_, extensions_);
    if (!mechanism) {
        fail(Culprit::sender_or_server, "authentication: " + mechanism.error().message);
        return;
    }
    authentication_.emplace(*mechanism, *credentials_);
    say(Step::authentication, authentication_->command());
}

void Handshake::on_authentication(const Reply& reply) {
    if (reply.code == 334 && !authentication_->cancelled()) {
        say(Step::authentication, authentication_->answer());
        return;
    }
    authentication_.reset();
    const Culprit culprit = classify(Step::authentication, reply);
    if (culprit == Culprit::accepted) {
        next_ = Next::ready;
        return;
    }
    asked_for_less_ = asks_for_less(reply);
    fail(culprit, "authentication: " + reply.one_line());
}

}  // namespace chatear::smtp
