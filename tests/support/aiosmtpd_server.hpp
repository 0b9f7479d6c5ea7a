#pragma once

#include "support/certificates.hpp"
#include "support/process.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chatear::test {

/// A message as a mail server of a test has received it.
struct CaughtMail {
    std::string from;
    std::vector<std::string> to;
    std::vector<std::string> options;  ///< MAIL's parameters.
    std::int64_t peer = 0;             ///< The client's port: tells connections apart.
    bool tls = false;
    std::string user;     ///< Authenticated as; empty = not.
    std::string content;  ///< Byte for byte, dot-stuffing removed.
};

/// What mail_catcher.py, or another server in its form, has kept in `folder`, in the order of
/// arrival.
std::vector<CaughtMail> mails_in(const std::string& folder);

/// tests/support/mail_catcher.py on the loopback; see its --help.
class MailCatcher {
public:
    enum class Tls { none, starttls, implicit };

    struct Options {
        Tls tls = Tls::none;
        std::vector<std::string> arguments;  ///< More of its command line.
        std::vector<std::string> names;      ///< Of the certificate; none = the loopback's.
        bool expired = false;                ///< The certificate's time is over.
    };

    explicit MailCatcher(const Options& options);
    MailCatcher() : MailCatcher(Options()) {}

    std::uint16_t port() const { return port_; }
    std::string ca_file() const { return certificates_.ca_file(); }

    std::vector<CaughtMail> mails() const { return mails_in(folder_ / "mails"); }

    void stop();   ///< Its connections end; what it has received stays.
    void start();  ///< Again on the same port.

private:
    Options options_;
    TemporaryFolder folder_;
    Certificates certificates_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Process> process_;
};

/// Why MailCatcher cannot run here, or nothing.
std::optional<std::string> mail_catcher_missing();

}  // namespace chatear::test
