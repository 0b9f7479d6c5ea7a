#pragma once

#include "base/result.hpp"
#include "nats/message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace chatear::nats {

/// What a server says of itself (docs.nats.io, client protocol, INFO). All of it is untrusted.
struct ServerInfo {
    std::string server_id;
    std::string server_name;
    std::string version;
    std::string nonce;  ///< To be signed by an nkey; empty = the server has no such users.
    std::size_t max_payload = 1024 * 1024;  ///< Headers included.
    bool headers = false;
    bool jetstream = false;
    bool auth_required = false;
    bool tls_required = false;
    bool tls_available = false;
    bool lame_duck = false;                 ///< It will go away soon: move.
    std::vector<std::string> connect_urls;  ///< host:port of the cluster's members.

    bool operator==(const ServerInfo&) const = default;
};
Result<ServerInfo> parse_server_info(std::string_view json);

/// A message for the subscription `sid`.
struct Delivered {
    std::uint64_t sid = 0;
    Message message;
};
struct Ping {};
struct Pong {};
struct Ok {};
struct ServerError {
    std::string text;  ///< Without its quotes. Untrusted: escape to log it.
};
using ServerOperation = std::variant<ServerInfo, Delivered, Ping, Pong, Ok, ServerError>;

/// Turns received bytes, cut anywhere, into the server's operations. Does no I/O.
class Parser {
public:
    /// INFO with hundreds of connect_urls; other lines are far shorter.
    static constexpr std::size_t max_line_bytes = 256 * 1024;
    /// A server cannot be told to allow more (server/opts.go, MAX_PAYLOAD_MAX_SIZE).
    static constexpr std::size_t max_message_bytes = 64 * 1024 * 1024;

    void feed(std::string_view bytes) { buffer_ += bytes; }

    /// The next whole operation, or nothing until more bytes are fed. An Error means that the peer
    /// does not speak NATS: drop the connection, and this parser with it.
    Result<std::optional<ServerOperation>> next();

    /// Bytes received and not parsed; before TLS starts there must be none.
    std::size_t unparsed_bytes() const { return buffer_.size() - position_; }

private:
    /// A MSG or HMSG whose payload is not whole yet.
    struct Pending {
        Delivered delivered;
        std::size_t header_bytes = 0;
        std::size_t total_bytes = 0;
    };

    Result<std::optional<ServerOperation>> parse_line(std::string_view line);
    Result<void> begin_message(std::string_view arguments, bool has_headers);
    Result<std::optional<ServerOperation>> finish_message();
    void compact();

    std::string buffer_;
    std::size_t position_ = 0;  // Bytes of buffer_ that are parsed.
    std::size_t searched_ = 0;  // Bytes behind position_ known to hold no line end.
    std::optional<Pending> pending_;
};

/// The block of HMSG and HPUB: `NATS/1.0[ status[ text]]`, `name: value` lines, an empty line. Its
/// publisher writes it and no server looks into it: what is no header in it is left out, so that
/// one bad message cannot end the connection of all who receive it, again and again.
void read_header_block(std::string_view block, Message& message);
std::string encode_header_block(const Headers& headers);

/// The encoders append to `output`. PUB, or HPUB where there are headers; subject and headers must
/// be valid (message.hpp).
void append_publish(
    std::string& output,
    std::string_view subject,
    std::string_view reply_to,
    const Headers& headers,
    std::string_view payload
);
void append_subscribe(std::string& output, std::string_view subject, std::uint64_t sid);
void append_unsubscribe(std::string& output, std::uint64_t sid);
void append_connect(std::string& output, std::string_view options_json);
inline constexpr std::string_view ping_line = "PING\r\n";
inline constexpr std::string_view pong_line = "PONG\r\n";

}  // namespace chatear::nats
