#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatear::test {

/// A private PostgreSQL on a free port of the loopback; durable against nothing but its own crash.
class PostgresServer {
public:
    PostgresServer();  ///< Makes the cluster and starts it.

    /// One for all tests of this process that do not harm it. Use a database of your own.
    static PostgresServer& shared();

    void start();  ///< Returns when it takes connections.
    void stop();   ///< Fast shutdown: connections are ended.
    void kill();   ///< The postmaster by SIGKILL; its children follow.
    void pause();  ///< SIGSTOP to all its processes.
    void resume();

    /// From the next connection on; the files are PEM.
    void enable_tls(const std::string& certificate_file, const std::string& key_file);

    std::string create_database();  ///< An empty one; the result is its URL.
    std::string url(const std::string& database = "postgres") const;
    std::uint16_t port() const { return port_; }

    /// Runs SQL by psql; the rows, unaligned, one a line. Fails the test on an error.
    std::string sql(const std::string& text, const std::string& database = "postgres");

private:
    std::vector<pid_t> processes() const;

    TemporaryFolder folder_;
    std::string bin_;
    std::uint16_t port_;
    std::unique_ptr<Process> server_;
    int databases_ = 0;
};

}  // namespace chatear::test
