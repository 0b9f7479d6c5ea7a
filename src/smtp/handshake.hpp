#pragma once

#include "smtp/authentication.hpp"
#include "smtp/classification.hpp"
#include "smtp/extensions.hpp"
#include "smtp/reply.hpp"

#include <optional>
#include <string>

namespace chatear::smtp {

/// How a connection is protected.
enum class TlsPolicy {
    when_offered,  ///< STARTTLS where the server offers it, plain where not.
    starttls,      ///< STARTTLS or nothing.
    implicit,      ///< TLS from the first byte (RFC 8314, 3.3).
    off,           ///< Never, credentials included.
};

/// From the greeting to a session that is ready for mail: greeting, EHLO, STARTTLS, EHLO again,
/// AUTH (RFC 5321, 3207, 4954). Does no I/O: its owner does what next() says. States: docs/smtp.md.
class Handshake {
public:
    enum class Next {
        write,      ///< Write take_output().
        read,       ///< Read one reply and pass it to on_reply().
        start_tls,  ///< Start TLS and call on_tls_started(). Bytes already received behind the
                    ///< reply are an attack: end the connection.
        ready,      ///< extensions() holds what the server can do.
        failed      ///< culprit() and why() say it.
    };

    Handshake(
        TlsPolicy tls,
        std::string helo_name,
        std::optional<Credentials> credentials,
        std::optional<Mechanism> wanted
    );

    Next next() const;
    std::string take_output();           ///< What to write; may hold the password.
    void on_reply(const Reply& reply);   ///< Requires next() == read.
    void on_tls_started();               ///< Requires next() == start_tls.
    Step step() const { return step_; }  ///< Decides the time limit.

    const Extensions& extensions() const { return extensions_; }
    Culprit culprit() const { return culprit_; }     ///< Requires failed.
    const std::string& why() const { return why_; }  ///< Requires failed; one printable line.
    bool asked_for_less() const { return asked_for_less_; }

private:
    void on_hello(const Reply& reply);
    void after_hello();
    void begin_authentication();
    void on_authentication(const Reply& reply);
    void say(Step step, std::string line);
    void fail(Culprit culprit, std::string why);

    TlsPolicy tls_;
    std::string helo_name_;
    std::optional<Credentials> credentials_;
    std::optional<Mechanism> wanted_;

    Next next_ = Next::read;  // The greeting comes first.
    Step step_ = Step::greeting;
    bool encrypted_;
    bool plain_hello_ = false;  // HELO was said: the server does not know EHLO.
    std::string output_;
    std::optional<Authentication> authentication_;
    Extensions extensions_;
    Culprit culprit_ = Culprit::unavailable;
    std::string why_;
    bool asked_for_less_ = false;
};

}  // namespace chatear::smtp
