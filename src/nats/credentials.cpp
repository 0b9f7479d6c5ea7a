#include "nats/credentials.hpp"

#include "nats/message.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <sstream>
#include <utility>

namespace chatear::nats {
namespace {

constexpr Setting url_setting{
    "NATS_URL",
    "",
    "The NATS server, or several of a cluster separated by commas; tls:// insists on TLS, "
    "user:password@ or "
    "token@ log in.",
    true,
};
constexpr Setting credentials_setting{
    "NATS_CREDS",
    "",
    "The .creds file (JWT and seed) of the NATS user; read again at each connection.",
};
constexpr Setting seed_setting{"NATS_NKEY_SEED", "", "The seed (SU...) of the NATS user's nkey."};
constexpr Setting ca_setting{
    "NATS_CA_FILE",
    "",
    "PEM certificates that NATS servers are checked against instead of the system's; asks for TLS.",
};
constexpr Setting certificate_setting{
    "NATS_CERT_FILE",
    "",
    "PEM certificate shown to NATS servers; asks for TLS.",
};
constexpr Setting key_setting{"NATS_KEY_FILE", "", "PEM key of NATS_CERT_FILE."};

constexpr std::size_t max_credentials_bytes = 64 * 1024;

Result<std::string> read_small_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content(max_credentials_bytes, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (file.bad() || (file.fail() && !file.eof())) {
        return Error{"the file " + path + " cannot be read"};
    }
    content.resize(static_cast<std::size_t>(file.gcount()));
    return content;
}

/// What stands between `-----BEGIN <name>-----` and the next line that begins with dashes (NATS
/// writes from three to six). A JWT may have any number of dashes within its own line.
Result<std::string> decorated(std::string_view content, std::string_view name) {
    const std::string begin = "-----BEGIN " + std::string(name);
    const std::size_t start = content.find(begin);
    const std::size_t line = start == std::string_view::npos ? start : content.find('\n', start);
    const std::size_t end = line == std::string_view::npos ? line : content.find("\n---", line);
    if (end == std::string_view::npos) {
        return Error{"a credentials file has a part '" + begin + "-----', which this one has not"};
    }
    std::string text;
    for (const char c : content.substr(line, end - line)) {
        if (static_cast<unsigned char>(c) > 0x20) {
            text += c;
        }
    }
    if (text.empty()) {
        return Error{"nothing stands behind '" + begin + "-----' in the credentials file"};
    }
    return text;
}

Result<UserCredentials> read_credentials_file(const std::string& path) {
    const Result<std::string> content = read_small_file(path);
    if (!content) {
        return content.error();
    }
    return parse_credentials_file(*content);
}

void check_tls(SettingsReader& reader, const ConnectionOptions& options) {
    if (options.tls.certificate_file.empty() != options.tls.key_file.empty()) {
        reader.add_error("NATS_CERT_FILE", "it and NATS_KEY_FILE are set together or not at all");
        return;
    }
    if (options.tls.ca_file.empty() && options.tls.certificate_file.empty()) {
        return;  // The system's trust store, which takes 0.1 s to read, is for those who speak TLS.
    }
    const Result<net::TlsContext> context = net::make_tls_context(options.tls);
    if (!context) {
        reader.add_error("NATS_CA_FILE", context.error().message);
    }
}

}  // namespace

Result<UserCredentials> parse_credentials_file(std::string_view content) {
    Result<std::string> jwt = decorated(content, "NATS USER JWT");
    if (!jwt) {
        return jwt.error();
    }
    const Result<std::string> seed = decorated(content, "USER NKEY SEED");
    if (!seed) {
        return seed.error();
    }
    Result<Nkey> key = Nkey::from_seed(*seed);
    if (!key) {
        return key.error();
    }
    return UserCredentials{std::move(*jwt), std::move(*key)};
}

ConnectionOptions read_settings(SettingsReader& reader) {
    ConnectionOptions options;
    const std::string urls = reader.url(url_setting, {"nats", "tls"});
    const Result<std::vector<ServerUrl>> servers =
        parse_server_urls(urls.empty() ? "127.0.0.1" : urls);
    if (servers) {
        options.servers = *servers;
    } else {
        reader.add_error(url_setting.name, servers.error().message);
    }
    options.credentials_file = reader.text(credentials_setting, "a file");
    if (!options.credentials_file.empty()) {
        const auto credentials = read_credentials_file(options.credentials_file);
        if (!credentials) {
            reader.add_error(credentials_setting.name, credentials.error().message);
        }
    }
    const Secret seed = reader.secret(seed_setting);
    if (!seed.empty()) {
        const Result<Nkey> key = Nkey::from_seed(seed.reveal());
        if (key) {
            options.nkey = *key;
        } else {
            reader.add_error(seed_setting.name, key.error().message);
        }
        if (!options.credentials_file.empty()) {
            reader.add_error(seed_setting.name, "it and NATS_CREDS are two users: set one of them");
        }
    }
    options.tls.ca_file = reader.text(ca_setting, "a file");
    options.tls.certificate_file = reader.text(certificate_setting, "a file");
    options.tls.key_file = reader.text(key_setting, "a file");
    options.require_tls = !options.tls.ca_file.empty() || !options.tls.certificate_file.empty();
    check_tls(reader, options);
    return options;
}

Result<std::string> connect_options_json(
    const ConnectionOptions& options, const ServerUrl& server, std::string_view nonce, bool tls
) {
    boost::json::object json{
        {"verbose", false},
        {"pedantic", false},
        {"tls_required", tls},
        {"name", options.name},
        {"lang", "c++"},
        {"version", "1"},
        {"protocol", 1},
        {"echo", true},
        {"headers", true},
        {"no_responders", true},
    };
    if (!options.credentials_file.empty()) {
        const Result<UserCredentials> credentials = read_credentials_file(options.credentials_file);
        if (!credentials) {
            return credentials.error();
        }
        json["jwt"] = credentials->jwt;
        json["sig"] = to_base64_url(credentials->key.sign(nonce));
    } else if (options.nkey) {
        json["nkey"] = options.nkey->public_key();
        json["sig"] = to_base64_url(options.nkey->sign(nonce));
    }
    if (!server.user.empty()) {
        json["user"] = server.user;
        json["pass"] = server.password.reveal();
    }
    if (!server.token.empty()) {
        json["auth_token"] = server.token.reveal();
    }
    return boost::json::serialize(json);
}

}  // namespace chatear::nats
