#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatear::test {

/// A private nats-server on the loopback (or the one that NATS_SERVER_BINARY names) with JetStream
/// in a folder of its own, which outlives restarts.
class NatsServer {
public:
    struct Options {
        std::string config{};  ///< Further configuration: authorization, tls, cluster.
        bool jetstream = true;
        std::string name = "test";
        std::uint16_t port = 0;  ///< 0 = a free one.
    };

    explicit NatsServer(Options options);
    NatsServer();
    ~NatsServer();

    void start();      ///< Returns when it accepts connections; fails the test otherwise.
    void stop();       ///< SIGTERM.
    void kill();       ///< SIGKILL: what a crash leaves.
    void pause();      ///< SIGSTOP: it holds its connections and answers nothing.
    void resume();     ///< SIGCONT.
    void lame_duck();  ///< SIGUSR2.
    void reload(const std::string& config);  ///< New further configuration, SIGHUP.
    void forget_storage();   ///< As if the disk were lost. Requires that it is stopped.
    void copy_storage();     ///< Keeps a copy of it. Requires that it is stopped.
    void restore_storage();  ///< Puts the copy back. Requires that it is stopped.

    std::uint16_t port() const { return options_.port; }
    std::string url() const;  ///< nats://127.0.0.1:port.
    std::string log() const;
    const TemporaryFolder& folder() const { return folder_; }

    /// True from 2.10 on: sync_interval, filter_subjects, a long form of some statuses.
    static bool is_2_10();
    static std::string binary();

private:
    void write_config();

    Options options_;
    TemporaryFolder folder_;
    std::unique_ptr<Process> process_;
};

/// Three of them that form one cluster with JetStream.
class NatsCluster {
public:
    explicit NatsCluster(const std::string& config = "");

    NatsServer& operator[](std::size_t index) { return *servers_[index]; }
    std::size_t size() const { return servers_.size(); }
    std::string urls() const;  ///< All three, separated by commas.

private:
    std::vector<std::unique_ptr<NatsServer>> servers_;
};

}  // namespace chatear::test
