#include "smtp/authentication.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::smtp {

std::string_view to_text(Mechanism mechanism) {
    switch (mechanism) {
        case Mechanism::plain:
            return "PLAIN";
        case Mechanism::login:
            return "LOGIN";
        case Mechanism::xoauth2:
            return "XOAUTH2";
    }
    return "";
}

Result<Mechanism> choose_mechanism(std::optional<Mechanism> wanted, const Extensions& extensions) {
    constexpr std::array in_order = {Mechanism::plain, Mechanism::login, Mechanism::xoauth2};
    const auto& offered = extensions.mechanisms;
    for (const Mechanism mechanism : in_order) {
        const bool offers_it =
            std::find(offered.begin(), offered.end(), to_text(mechanism)) != offered.end();
        if (offers_it && (!wanted || *wanted == mechanism)) {
            return mechanism;
        }
    }
    std::string list;
    for (const std::string& name : offered) {
        list += list.empty() ? name : " " + name;
    }
    return Error{
        "the mail server does not offer AUTH " +
        std::string(wanted ? to_text(*wanted) : "PLAIN, LOGIN or XOAUTH2") +
        (list.empty() ? std::string(", nor any other") : ", but " + list)};
}

Authentication::Authentication(Mechanism mechanism, Credentials credentials)
    : mechanism_(mechanism), credentials_(std::move(credentials)) {}

std::string Authentication::initial_response() const {
    const std::string& password = credentials_.password.reveal();
    switch (mechanism_) {
        case Mechanism::plain: {
            // RFC 4616: authorization identity (none), NUL, user, NUL, password.
            std::string message(1, '\0');
            message += credentials_.user;
            message += '\0';
            message += password;
            return to_base64(message);
        }
        case Mechanism::login:
            return "";
        case Mechanism::xoauth2:
            return to_base64(
                "user=" + credentials_.user +
                "\x01"
                "auth=Bearer " +
                password + "\x01\x01"
            );
    }
    return "";
}

bool Authentication::fits_command() const {
    constexpr std::size_t around = std::string_view("AUTH XOAUTH2 \r\n").size();
    return around + initial_response().size() <= max_command_bytes;
}

std::string Authentication::command() const {
    std::string command = "AUTH " + std::string(to_text(mechanism_));
    if (mechanism_ != Mechanism::login && fits_command()) {
        command += ' ' + initial_response();
    }
    return command + "\r\n";
}

std::string Authentication::answer() {
    std::size_t challenge = challenges_++;
    if (!fits_command()) {
        if (challenge == 0) {
            return initial_response() + "\r\n";
        }
        --challenge;
    }
    if (mechanism_ == Mechanism::login && challenge == 0) {
        return to_base64(credentials_.user) + "\r\n";
    }
    if (mechanism_ == Mechanism::login && challenge == 1) {
        return to_base64(credentials_.password.reveal()) + "\r\n";
    }
    if (mechanism_ == Mechanism::xoauth2 && challenge == 0) {
        return "\r\n";  // The challenge holds the failure as JSON; an empty line makes the server
                        // say 535.
    }
    cancelled_ = true;
    return "*\r\n";
}

}  // namespace chatear::smtp
