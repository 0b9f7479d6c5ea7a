#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "postgres/options.hpp"

#include <map>
#include <string>
#include <vector>

namespace chatear::postgres {

/// What a connection string says, word by word (manual, 34.1.2); without defaults.
using Words = std::map<std::string, std::string>;

/// One host as the connection string names it.
struct HostPort {
    std::string host;      ///< A name, an address, or the folder of a Unix socket.
    std::string hostaddr;  ///< Given by the string itself; else empty.
    std::string port;
};

/// What libpq says, whose messages have several lines, fit for a log.
std::string one_line(const char* message);

/// An Error is what libpq says, without what it quotes of the password.
Result<Words> parse_url(const Secret& url);

/// In the order of the string; libpq's own default where it names none.
std::vector<HostPort> hosts_of(const Words& words);

/// The words for libpq to reach one address: those of the string, with its lists of hosts replaced
/// by `host`, and what we want of every connection where the string does not say otherwise.
Words words_for(const Words& words, const HostPort& host, const ConnectionOptions& options);

/// A Unix socket, or a name or address of the loopback.
bool is_on_this_machine(const HostPort& host);

/// What libpq will go by: what the words say, else the environment (PGSSLMODE), else its default.
std::string ssl_mode(const Words& words);

}  // namespace chatear::postgres
