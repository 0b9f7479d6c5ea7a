#pragma once

#include "support/certificates.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chatear::test {

/// A private redis-server on the loopback that keeps nothing on disk: a restart makes it empty.
class RedisServer {
public:
    struct Options {
        std::string password;             ///< Empty = none asked for.
        bool tls = false;                 ///< Only TLS, with a certificate of ca_file().
        std::vector<std::string> names;   ///< Of the certificate; none = the loopback's.
        bool expired = false;             ///< The certificate's time is over.
        std::vector<std::string> config;  ///< More of the command line: {"--maxmemory", "1mb"}.
    };

    explicit RedisServer(Options options);
    RedisServer() : RedisServer(Options()) {}
    ~RedisServer();

    std::uint16_t port() const { return port_; }
    std::string url() const;  ///< With the password.
    std::string ca_file() const { return certificates_->ca_file(); }

    void start();  ///< On the same port; returns when it answers.
    void kill();   ///< At once, with all data.
    void pause();  ///< It keeps its connections and says nothing (SIGSTOP).
    void resume();

    /// What `redis-cli ARGUMENTS...` prints.
    std::string cli(std::vector<std::string> arguments) const;

private:
    Options options_;
    std::uint16_t port_;
    TemporaryFolder folder_;
    std::optional<Certificates> certificates_;
    std::unique_ptr<Process> process_;
};

}  // namespace chatear::test
