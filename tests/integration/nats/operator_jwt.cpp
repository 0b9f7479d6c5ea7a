#include "operator_jwt.hpp"

#include "base/ids.hpp"

#include <boost/json.hpp>

#include <chrono>

namespace chatear::test {
namespace {

nats::Nkey new_key(nats::NkeyRole role) {
    return nats::Nkey::from_raw_seed(role, random_bytes(32));
}

std::string sign(
    const nats::Nkey& issuer,
    const std::string& subject,
    boost::json::object nats_claims,
    std::chrono::seconds lifetime = {}
) {
    nats_claims["version"] = 2;
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch()
    );
    boost::json::object claims{
        {"jti", random_uuid()},
        {"iat", now.count()},
        {"iss", issuer.public_key()},
        {"sub", subject},
        {"name", "test"},
        {"nats", std::move(nats_claims)},
    };
    if (lifetime > std::chrono::seconds::zero()) {
        claims["exp"] = (now + lifetime).count();
    }
    const std::string head = nats::to_base64_url(R"({"typ":"JWT","alg":"ed25519-nkey"})");
    const std::string text = head + "." + nats::to_base64_url(boost::json::serialize(claims));
    return text + "." + nats::to_base64_url(issuer.sign(text));
}

}  // namespace

OperatorJwt::OperatorJwt()
    : operator_(new_key(nats::NkeyRole::operator_)),
      account_(new_key(nats::NkeyRole::account)),
      user_(new_key(nats::NkeyRole::user)) {}

std::string OperatorJwt::server_config() const {
    const std::string operator_jwt =
        sign(operator_, operator_.public_key(), {{"type", "operator"}});
    const boost::json::object limits{
        {"subs", -1},
        {"data", -1},
        {"payload", -1},
        {"imports", -1},
        {"exports", -1},
        {"wildcards", true},
        {"conn", -1},
        {"leaf", -1},
    };
    const std::string account_jwt =
        sign(operator_, account_.public_key(), {{"type", "account"}, {"limits", limits}});
    return "operator: \"" + operator_jwt + "\"\nresolver: MEMORY\nresolver_preload: { " +
           account_.public_key() + ": \"" + account_jwt + "\" }\n";
}

std::string OperatorJwt::user_credentials(std::chrono::seconds lifetime) const {
    const boost::json::object claims{{"type", "user"}, {"subs", -1}, {"data", -1}, {"payload", -1}};
    return "-----BEGIN NATS USER JWT-----\n" +
           sign(account_, user_.public_key(), claims, lifetime) +
           "\n------END NATS USER JWT------\n\n************************* IMPORTANT "
           "*************************\n"
           "NKEY Seed printed below can be used to sign and prove identity.\n\n-----BEGIN USER "
           "NKEY SEED-----\n" +
           user_.seed() + "\n------END USER NKEY SEED------\n";
}

}  // namespace chatear::test
