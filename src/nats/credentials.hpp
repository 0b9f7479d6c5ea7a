#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/settings.hpp"
#include "nats/nkey.hpp"
#include "net/tls_context.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::nats {

/// One server, as NATS_URL names it.
struct ServerUrl {
    std::string host;
    std::uint16_t port = 4222;
    bool tls = false;  ///< `tls://`: never speak plainly to it.
    std::string user{};
    Secret password{};
    Secret token{};          ///< What stands before `@` alone.
    std::string tls_name{};  ///< The certificate must be good for it; empty = `host`.

    std::string address() const;  ///< host:port, for logs.
};

/// `[nats://|tls://][user:password@|token@]host[:port]`, percent-encoded where needed.
Result<ServerUrl> parse_server_url(std::string_view url);
/// The same, several of them separated by commas. The log-in of the first that has one holds for
/// those without.
Result<std::vector<ServerUrl>> parse_server_urls(std::string_view urls);

/// What a `.creds` file holds: a JWT that the account signed, and the user's seed.
struct UserCredentials {
    std::string jwt;
    Nkey key;
};
Result<UserCredentials> parse_credentials_file(std::string_view content);

/// How to reach the servers and who to be there.
struct ConnectionOptions {
    std::vector<ServerUrl> servers{};
    std::optional<Nkey> nkey{};

    /// Read again at each connection, so that a renewed file is taken without a restart.
    std::string credentials_file{};

    net::TlsOptions tls{};
    bool require_tls = false;  ///< Set by any TLS setting; `tls://` asks for it a server.

    std::string name = "chatear";  ///< Shown by the server's monitoring.
    bool shuffle = true;           ///< Spread over the servers instead of keeping to their order.

    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds ping_interval{5'000};
    std::chrono::milliseconds reconnect_first{50};
    std::chrono::milliseconds reconnect_most{5'000};
    /// After all servers refused who we are: trying faster only fills their logs.
    std::chrono::milliseconds authentication_retry{30'000};
    std::chrono::milliseconds stop_timeout{2'000};    ///< For what was published last.
    std::size_t max_output_bytes = 16 * 1024 * 1024;  ///< Beyond it publish() throws.
};

/// NATS_URL, NATS_CREDS, NATS_NKEY_SEED, NATS_CA_FILE, NATS_CERT_FILE, NATS_KEY_FILE. What is wrong
/// is noted in `reader`; files are read once to check them.
ConnectionOptions read_settings(SettingsReader& reader);

/// The JSON of CONNECT for `server`, its nonce signed where a key is at hand.
Result<std::string> connect_options_json(
    const ConnectionOptions& options, const ServerUrl& server, std::string_view nonce, bool tls
);

}  // namespace chatear::nats
