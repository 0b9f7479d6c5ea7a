#pragma once

#include "smtp/options.hpp"
#include "support/scripted_peer.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace chatear::smtp::test {

inline const std::string content = "Subject: x\r\n\r\nHello\r\n";
inline const std::string content_on_the_wire = content + ".\r\n";

/// One script after the other.
inline chatear::test::PeerScript join(const std::vector<chatear::test::PeerScript>& parts) {
    chatear::test::PeerScript whole;
    for (const chatear::test::PeerScript& part : parts) {
        whole.insert(whole.end(), part.begin(), part.end());
    }
    return whole;
}

/// The server's side of greeting and EHLO.
inline chatear::test::PeerScript hello(const std::string& keyword = "PIPELINING") {
    return {
        chatear::test::send("220 mx.test\r\n"),
        chatear::test::expect("EHLO client.test\r\n"),
        chatear::test::send("250-mx.test\r\n250 " + keyword + "\r\n"),
    };
}

/// The same of a server that has CHUNKING too.
inline chatear::test::PeerScript chunking_hello() {
    chatear::test::PeerScript script = hello();
    script.back() = chatear::test::send("250-mx.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    return script;
}

inline const std::string envelope_group =
    "MAIL FROM:<shop@a.test>\r\nRCPT TO:<ann@b.test>\r\nDATA\r\n";

/// One pipelined envelope, with the replies to MAIL, RCPT, DATA in one.
inline chatear::test::PeerScript one_envelope(
    const std::string& replies = "250 ok\r\n250 ok\r\n354 go on\r\n"
) {
    return {chatear::test::expect(envelope_group), chatear::test::send(replies)};
}

/// One pipelined message, with the replies to MAIL, RCPT, DATA in one and the last one.
inline chatear::test::PeerScript one_mail(
    const std::string& envelope_replies = "250 ok\r\n250 ok\r\n354 go on\r\n",
    const std::string& end = "250 queued\r\n"
) {
    return join(
        {one_envelope(envelope_replies),
         {chatear::test::expect(content_on_the_wire), chatear::test::send(end)}}
    );
}

inline chatear::test::PeerScript goodbye() {
    return {chatear::test::expect("QUIT\r\n"), chatear::test::send("221 bye\r\n")};
}

/// For a scripted peer: plain, one connection, every time limit the same.
inline Options options_for(
    std::uint16_t port, std::chrono::milliseconds limit = std::chrono::seconds(5)
) {
    Options options;
    options.host = "127.0.0.1";
    options.port = port;
    options.tls = TlsPolicy::off;
    options.helo_name = "client.test";
    options.connections = 1;
    TimeLimits& limits = options.limits;
    limits.greeting = limits.hello = limits.authentication = limits.mail = limits.rcpt =
        limits.data = limit;
    limits.content_write = limits.content_reply = limits.quit = limit;
    options.backoff_first = options.backoff_most = std::chrono::milliseconds(20);
    return options;
}

}  // namespace chatear::smtp::test
