#pragma once

#include "nats/credentials.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace chatear::nats {

/// Whether what a server told of others was protected as the connection itself is.
enum class Told {
    safely,
    before_tls,  ///< Its INFO came in the clear and TLS only then: it may be a middle man's.
};

/// Which server to try next: the configured ones and those that the cluster told us of, in turn.
/// Does no I/O.
class ServerPool {
public:
    static constexpr std::size_t max_discovered = 256;

    /// Requires at least one configured server.
    explicit ServerPool(std::vector<ServerUrl> configured);

    /// The next in turn.
    ServerUrl next();

    /// True when all have been tried since the last reset: time for a pause.
    bool round_finished() const { return tried_ >= servers_.size(); }
    void reset_round() { tried_ = 0; }

    /// Takes the members that the server `told_by` names (`connect_urls`) in place of those told
    /// before. They inherit its credentials and whether to insist on TLS; a bare address also its
    /// host name for the certificate (as nats.go does). So does one that was told of before TLS: a
    /// middle man may say where to go, but our credentials go only to who has the certificate that
    /// `told_by` needs.
    void learn(const std::vector<std::string>& connect_urls, const ServerUrl& told_by, Told how);

    std::size_t size() const { return servers_.size(); }

private:
    std::vector<ServerUrl> configured_;
    std::vector<ServerUrl> servers_;
    std::size_t position_ = 0;  // Of the next one in servers_.
    std::size_t tried_ = 0;
};

}  // namespace chatear::nats
