#include "postgres/connection_string.hpp"

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <libpq-fe.h>

#include <algorithm>
#include <memory>

namespace chatear::postgres {
namespace {

struct FreeWords {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ParsedWords = std::unique_ptr<PQconninfoOption, FreeWords>;

Words to_words(const PQconninfoOption* option) {
    Words words;
    for (; option != nullptr && option->keyword != nullptr; ++option) {
        if (option->val != nullptr) {
            words[option->keyword] = option->val;
        }
    }
    return words;
}

std::vector<std::string> list_of(const Words& words, const std::string& name) {
    std::vector<std::string> items;
    const auto found = words.find(name);
    if (found != words.end() && !found->second.empty()) {
        boost::algorithm::split(items, found->second, boost::algorithm::is_any_of(","));
    }
    return items;
}

// The n-th of a list; libpq lets one port stand for all hosts.
std::string item(const std::vector<std::string>& list, std::size_t n) {
    if (n < list.size()) {
        return list[n];
    }
    return list.size() == 1 ? list.front() : "";
}

// What stands behind the scheme of a URL; empty for key=value words.
std::string_view behind_scheme(std::string_view url) {
    const std::size_t end = url.find("://");
    const bool is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    return is_url ? url.substr(end + 3) : std::string_view();
}

// A bare '@' or '/' in a password ends it early for libpq: the rest would be the host, which is
// logged.
bool has_bare_separator(std::string_view url) {
    const std::string_view rest = behind_scheme(url);
    const std::size_t at = rest.find('@');
    if (at == std::string_view::npos) {
        return false;
    }
    const std::string_view account = rest.substr(0, at);
    const std::string_view place = rest.substr(at + 1, rest.find('?', at) - at - 1);
    const bool is_account = account.find('?') == std::string_view::npos;
    return is_account && (account.find('/') != std::string_view::npos ||
                          place.find('@') != std::string_view::npos);
}

// libpq quotes what it does not understand. That may be of the password, unless it is the name of a
// parameter where no other '@' and no password in words can have led it astray.
std::string without_password(std::string message, std::string_view url) {
    const std::string_view rest = behind_scheme(url);
    const bool is_name = rest.empty() ? message.starts_with("invalid connection option") &&
                                            url.find("pass") == url.npos
                                      : message.starts_with("invalid URI query parameter") &&
                                            rest.find('@') == rest.rfind('@');
    const std::size_t first = message.find('"');
    if (!is_name && first != std::string::npos) {
        message.replace(first + 1, message.rfind('"') - first - 1, "***");
    }
    return message;
}

}  // namespace

std::string one_line(const char* message) {
    const std::string text =
        boost::algorithm::trim_copy(std::string(message == nullptr ? "" : message));
    std::string line;
    for (const char c : text) {
        const bool space = c == '\n' || c == '\t' || c == ' ';
        if (!space) {
            line += c;
        } else if (!line.ends_with(' ')) {
            line += ' ';
        }
    }
    return line;
}

Result<Words> parse_url(const Secret& url) {
    if (has_bare_separator(url.reveal())) {
        return Error{
            "an '@' or '/' of the user or the password stands bare: write it as %40 or %2F"};
    }
    char* message = nullptr;
    const ParsedWords parsed(PQconninfoParse(url.reveal().c_str(), &message));
    if (!parsed) {
        const std::string why = without_password(one_line(message), url.reveal());
        PQfreemem(message);
        return Error{
            "not a PostgreSQL connection string (postgres://user:password@host:port/database): " +
            why};
    }
    return to_words(parsed.get());
}

std::vector<HostPort> hosts_of(const Words& words) {
    const ParsedWords parsed(PQconndefaults());
    const Words defaults = to_words(parsed.get());
    std::vector<std::string> hosts = list_of(words, "host");
    const std::vector<std::string> addresses = list_of(words, "hostaddr");
    std::vector<std::string> ports = list_of(words, "port");
    if (hosts.empty() && addresses.empty()) {
        hosts = list_of(defaults, "host");
    }
    if (hosts.empty() && addresses.empty()) {
        hosts.emplace_back("localhost");
    }
    if (ports.empty()) {
        ports = list_of(defaults, "port");
    }
    std::vector<HostPort> result;
    for (std::size_t n = 0; n < std::max(hosts.size(), addresses.size()); ++n) {
        HostPort host{
            n < hosts.size() ? hosts[n] : "",
            n < addresses.size() ? addresses[n] : "",
            item(ports, n)};
        if (host.host.empty()) {
            host.host = host.hostaddr.empty() ? "localhost" : host.hostaddr;
        }
        if (host.port.empty()) {
            host.port = "5432";
        }
        result.push_back(host);
    }
    return result;
}

Words words_for(const Words& words, const HostPort& host, const ConnectionOptions& options) {
    Words result = words;
    result["host"] = host.host;
    result["port"] = host.port;
    result.erase("hostaddr");
    if (!host.hostaddr.empty()) {
        result["hostaddr"] = host.hostaddr;
    }
    const Words wanted = {
        {"application_name", options.application_name},
        {"client_encoding", "UTF8"},
        {"gssencmode", "disable"},  // Kerberos' library looks for tickets with blocking calls.
        {"keepalives", "1"},
        {"keepalives_idle", "15"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "3"},
        {"ssl_min_protocol_version", "TLSv1.2"},
        {"target_session_attrs", "read-write"},  // A demoted primary would answer 25006 for ever.
        {"tcp_user_timeout", "15000"},
    };
    result.insert(wanted.begin(), wanted.end());
    if (result.contains("sslrootcert") && !result.contains("sslmode")) {
        // libpq would not even look at it, while the operator believes otherwise.
        result["sslmode"] = "verify-full";
    }
    return result;
}

bool is_on_this_machine(const HostPort& host) {
    const std::string& place = host.hostaddr.empty() ? host.host : host.hostaddr;
    return place.starts_with('/') || place.starts_with('@') || place.starts_with("127.") ||
           place == "::1" || place == "localhost";
}

std::string ssl_mode(const Words& words) {
    const auto said = words.find("sslmode");
    if (said != words.end()) {
        return said->second;
    }
    const ParsedWords defaults(PQconndefaults());
    return to_words(defaults.get())["sslmode"];
}

}  // namespace chatear::postgres
