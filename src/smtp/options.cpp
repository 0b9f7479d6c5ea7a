#include "smtp/options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp {
namespace {

constexpr Setting host_setting{"SMTP_HOST", "", "Host name or address of the mail server.", true};
constexpr Setting port_setting{"SMTP_PORT", "", "Its port: 587, 465 (implicit TLS) or 25.", true};
constexpr Setting user_setting{
    "SMTP_USER",
    "",
    "Account at the mail server; with SMTP_PASS, or neither for no authentication."};
constexpr Setting password_setting{
    "SMTP_PASS", "", "Its password, or with SMTP_AUTH=xoauth2 the access token."};
constexpr Setting tls_setting{
    "SMTP_TLS",
    "auto",
    "How the connection is protected. auto: implicit on port 465, else STARTTLS where the server "
    "offers it, "
    "and nothing less where there are credentials."};
constexpr Setting auth_setting{
    "SMTP_AUTH",
    "auto",
    "The mechanism of authentication. auto: the first of plain, login, xoauth2 that is offered."};
constexpr Setting ca_file_setting{
    "SMTP_CA_FILE",
    "",
    "PEM file with the authorities that the server's certificate is checked against, "
    "instead of the system's."};
constexpr Setting helo_name_setting{
    "SMTP_HELO_NAME",
    "",
    "The name that we give ourselves in EHLO; the machine's host name when not set."};
constexpr Setting connections_setting{
    "SMTP_CONNECTIONS", "8", "Connections to the mail server at most, for one process."};
constexpr Setting window_setting{
    "SMTP_WINDOW",
    "16",
    "Messages under way at once on one connection to a mail server with CHUNKING; after a crash so "
    "many may be sent twice. 1: "
    "contents go by DATA."};

constexpr std::array<std::string_view, 4> tls_words = {"auto", "starttls", "implicit", "off"};

/// What may stand behind EHLO: a domain or an address literal (RFC 5321, 4.1.1.1).
bool is_helo_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 &&
           std::all_of(name.begin(), name.end(), [](char character) {
               return (character >= 'a' && character <= 'z') ||
                      (character >= 'A' && character <= 'Z') ||
                      (character >= '0' && character <= '9') ||
                      std::string_view(".-[]:").find(character) != std::string_view::npos;
           });
}

std::string machine_name() {
    std::array<char, 256> name{};
    const bool known = gethostname(name.data(), name.size() - 1) == 0 && is_helo_name(name.data());
    return known ? name.data() : "localhost";
}

void read_credentials(SettingsReader& settings, Options& options) {
    const std::optional<std::string> user = settings.optional_text(user_setting, "text");
    Secret password = settings.secret(password_setting);
    if (user.has_value() == password.empty()) {
        settings.add_error(
            user ? "SMTP_PASS" : "SMTP_USER",
            "SMTP_USER and SMTP_PASS belong together: set both, or neither"
        );
        return;
    }
    if (!user) {
        return;
    }
    const bool has_nul = (*user + password.reveal()).find('\0') != std::string::npos;
    if (has_nul) {
        settings.add_error(
            "SMTP_PASS", "SMTP_USER and SMTP_PASS may not hold a NUL character (RFC 4616)"
        );
        return;
    }
    options.credentials = Credentials{*user, std::move(password)};
}

std::optional<Mechanism> read_mechanism(SettingsReader& settings) {
    const std::vector<std::string_view> words = {"auto", "plain", "login", "xoauth2"};
    constexpr std::array<std::optional<Mechanism>, 4> mechanisms = {
        std::nullopt, Mechanism::plain, Mechanism::login, Mechanism::xoauth2};
    return mechanisms.at(settings.choice(auth_setting, words));
}

void read_tls(SettingsReader& settings, Options& options) {
    const std::vector<std::string_view> words(tls_words.begin(), tls_words.end());
    const std::size_t word = settings.choice(tls_setting, words);
    options.tls = tls_policy(tls_words.at(word), options.port, options.credentials.has_value());
    net::TlsOptions tls;
    tls.ca_file = settings.optional_text(ca_file_setting, "a file").value_or("");
    Result<net::TlsContext> context = net::make_tls_context(tls);
    if (!context) {
        settings.add_error("SMTP_CA_FILE", context.error().message);
        return;
    }
    options.tls_context = *context;
}

}  // namespace

TimeLimits::milliseconds TimeLimits::of(Step step) const {
    switch (step) {
        case Step::connect:
            return connect;
        case Step::greeting:
            return greeting;
        case Step::hello:
        case Step::starttls:
            return hello;
        case Step::tls:
            return tls;
        case Step::authentication:
            return authentication;
        case Step::reset:
        case Step::mail:
            return mail;
        case Step::rcpt:
            return rcpt;
        case Step::data:
            return data;
        case Step::content:
            return content_reply;
        case Step::quit:
            return quit;
    }
    return quit;
}

TlsPolicy tls_policy(std::string_view word, std::uint16_t port, bool has_credentials) {
    constexpr std::uint16_t implicit_port = 465;  // RFC 8314, 3.3.
    if (word == "off") {
        return TlsPolicy::off;
    }
    if (word == "implicit" || (word == "auto" && port == implicit_port)) {
        return TlsPolicy::implicit;
    }
    return word == "starttls" || has_credentials ? TlsPolicy::starttls : TlsPolicy::when_offered;
}

Options read_settings(SettingsReader& settings) {
    constexpr std::int64_t most_connections = 256;
    constexpr std::int64_t widest_window = 256;
    Options options;
    options.host = settings.text(host_setting, "a host name or address");
    options.port = static_cast<std::uint16_t>(settings.integer(port_setting, 1, 65535));
    read_credentials(settings, options);
    options.mechanism = read_mechanism(settings);
    read_tls(settings, options);
    const std::optional<std::string> name =
        settings.optional_text(helo_name_setting, "a domain or an address literal");
    if (name && !is_helo_name(*name)) {
        settings.add_error(
            "SMTP_HELO_NAME", "SMTP_HELO_NAME is neither a domain nor an address literal"
        );
    }
    options.helo_name = name ? *name : machine_name();
    options.connections =
        static_cast<std::size_t>(settings.integer(connections_setting, 1, most_connections));
    options.window = static_cast<std::size_t>(settings.integer(window_setting, 1, widest_window));
    return options;
}

}  // namespace chatear::smtp
