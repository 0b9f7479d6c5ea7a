#include "redis/options.hpp"

#include "base/number.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <optional>

namespace chatear::redis {
namespace {

constexpr Setting url_setting = {
    .name = "REDIS_URL",
    .fallback = "",
    .help =
        "The Redis server: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS.",
    .required = true,
};
constexpr Setting ca_setting = {
    .name = "REDIS_CA_FILE",
    .fallback = "",
    .help = "PEM file with the certificate authorities for `rediss://`; unset = the system's.",
};
constexpr Setting certificate_setting = {
    .name = "REDIS_CERT_FILE",
    .fallback = "",
    .help = "PEM file with the client certificate that the server asks for.",
};
constexpr Setting key_setting = {
    .name = "REDIS_KEY_FILE",
    .fallback = "",
    .help = "PEM file with the key of REDIS_CERT_FILE.",
};
constexpr Setting timeout_setting = {
    .name = "REDIS_TIMEOUT",
    .fallback = "5s",
    .help = "How long Redis may take for an answer before it counts as unavailable.",
};

std::optional<std::uint16_t> database_of(std::string_view path) {
    return path.size() <= 1 ? std::uint16_t{0} : parse_number<std::uint16_t>(path.substr(1));
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed) {
        return Error{
            "it is not of the form redis://user:password@host:port/database "
            "(other characters than letters, digits and -._~ in user and password must be "
            "percent-encoded)"};
    }
    const boost::urls::url_view& view = *parsed;
    Address address;
    address.tls = view.scheme() == "rediss";
    if (!address.tls && view.scheme() != "redis") {
        return Error{"its scheme must be redis or rediss"};
    }
    if (view.has_query() || view.has_fragment()) {
        return Error{"it must end behind the database: no '?', no '#'"};
    }
    address.host = view.host_address();
    if (address.host.empty()) {
        return Error{"it names no host"};
    }
    if (view.has_port()) {
        address.port = parse_number<std::uint16_t>(std::string_view(view.port())).value_or(0);
        if (address.port == 0) {
            return Error{"its port must be 1 to 65535"};
        }
    }
    address.user = view.user();
    address.password = Secret(view.password());
    if (address.password.empty() && !address.user.empty()) {
        return Error{
            "it has a user without a password (write redis://:password@host for a password alone)"};
    }
    const std::optional<std::uint16_t> database = database_of(std::string(view.encoded_path()));
    if (!database) {
        return Error{"its path must be the number of a database, as in /0"};
    }
    address.database = *database;
    return address;
}

Options read_settings(SettingsReader& reader) {
    Options options;
    const std::string url = reader.url(url_setting, {"redis", "rediss"});
    const net::TlsOptions tls = {
        .ca_file = reader.text(ca_setting, "a file"),
        .certificate_file = reader.text(certificate_setting, "a file"),
        .key_file = reader.text(key_setting, "a file"),
    };
    const std::chrono::milliseconds least{100};
    const std::chrono::milliseconds most{60000};
    options.command_timeout = reader.duration(timeout_setting, least, most);
    options.connect_timeout = options.command_timeout;
    if (url.empty()) {
        return options;  // Missing or wrong; the reader has noted it.
    }
    Result<Address> address = parse_address(url);
    if (!address) {
        reader.add_error(url_setting.name, address.error().message);
        return options;
    }
    options.address = std::move(*address);
    const bool tls_settings = !tls.ca_file.empty() || !tls.certificate_file.empty();
    if (tls_settings && !options.address.tls) {
        // Else the password would travel in the clear while the operator believes otherwise.
        reader.add_error(
            url_setting.name,
            "REDIS_CA_FILE and REDIS_CERT_FILE are for rediss:// (TLS): write that"
        );
    }
    if (options.address.tls) {
        Result<net::TlsContext> context = net::make_tls_context(tls);
        if (!context) {
            reader.add_error(ca_setting.name, context.error().message);
            return options;
        }
        options.tls = std::move(*context);
    }
    return options;
}

}  // namespace chatear::redis
