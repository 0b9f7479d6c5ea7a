#include "nats/credentials.hpp"

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "support/process.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

using test::TemporaryFolder;
using test::write_file;

std::string credentials_of(const Nkey& key) {
    return "-----BEGIN NATS USER JWT-----\neyJ0.eyJq.c2ln\n------END NATS USER JWT------\n\n"
           "-----BEGIN USER NKEY SEED-----\n" +
           key.seed() + "\n------END USER NKEY SEED------\n";
}

ConnectionOptions read(
    std::map<std::string, std::string, std::less<>> variables, std::string* errors = nullptr
) {
    variables.try_emplace("NATS_URL", "nats://127.0.0.1:4222");  // Required.
    const Environment environment(std::move(variables));
    SettingsReader reader(environment);
    ConnectionOptions options = read_settings(reader);
    std::string text;
    for (const Error& error : reader.errors()) {
        text += error.message + "\n";
    }
    if (errors != nullptr) {
        *errors = text;
    } else {
        EXPECT_EQ(text, "");
    }
    return options;
}

TEST(ServerUrl, IsReadInAllItsForms) {
    const ServerUrl plain = parse_server_url("nats://example:4333").value();
    EXPECT_EQ(plain.address(), "example:4333");
    EXPECT_FALSE(plain.tls);
    EXPECT_EQ(parse_server_url("example").value().address(), "example:4222");
    EXPECT_EQ(parse_server_url("10.0.0.1:1").value().address(), "10.0.0.1:1");
    EXPECT_TRUE(parse_server_url("tls://example/").value().tls);
    const ServerUrl ipv6 = parse_server_url("nats://[::1]:4222").value();
    EXPECT_EQ(ipv6.host, "::1");
    EXPECT_EQ(ipv6.address(), "[::1]:4222");
    const ServerUrl user = parse_server_url("nats://ann:p%40ss@example").value();
    EXPECT_EQ(user.user, "ann");
    EXPECT_EQ(user.password.reveal(), "p@ss");
    EXPECT_TRUE(user.token.empty());
    const ServerUrl token = parse_server_url("nats://t0k%2Fen@example").value();
    EXPECT_EQ(token.token.reveal(), "t0k/en");
    EXPECT_TRUE(token.user.empty());
}

TEST(ServerUrl, IsRefusedWithoutRepeatingItsPassword) {
    for (const std::string url :
         {"",
          "nats://",
          "http://example",
          "nats://ann:secret@",
          "nats://example:99999",
          "nats://example:0",
          "nats://example/path",
          "nats://example?x=1",
          "nats://ex ample",
          "nats://ann:secret@example:port"}) {
        const auto refused = parse_server_url(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().message.find("secret"), std::string::npos)
            << refused.error().message;
    }
}

TEST(ServerUrls, ShareTheLogInOfTheFirstThatHasOne) {
    const auto servers = parse_server_urls("nats://a, nats://ann:pw@b ,tls://t@c").value();
    ASSERT_EQ(servers.size(), 3U);
    EXPECT_EQ(servers[0].user, "ann");
    EXPECT_EQ(servers[0].password.reveal(), "pw");
    EXPECT_EQ(servers[2].user, "");
    EXPECT_EQ(servers[2].token.reveal(), "t");
    EXPECT_FALSE(parse_server_urls("nats://a,,nats://b"));
}

TEST(ServerUrls, RepeatNoPieceOfAPasswordWithABareComma) {
    for (const std::string password : {"secret,x", "x,secret", "secret,", "se/cret,secret"}) {
        const auto refused = parse_server_urls("nats://a, tls://ann:" + password + "@b");
        ASSERT_FALSE(refused) << password;
        EXPECT_EQ(refused.error().message.find("secret"), std::string::npos)
            << refused.error().message;
    }
}

TEST(CredentialsFile, HoldsAJwtAndASeed) {
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    const UserCredentials credentials = parse_credentials_file(credentials_of(key)).value();
    EXPECT_EQ(credentials.jwt, "eyJ0.eyJq.c2ln");
    EXPECT_EQ(credentials.key.public_key(), key.public_key());
    std::string windows = credentials_of(key);
    for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) {
        windows.insert(at, "\r");
    }
    EXPECT_EQ(parse_credentials_file(windows).value().key.public_key(), key.public_key());
}

TEST(CredentialsFile, MayHaveDashesWithinTheJwt) {
    // Base64 for URLs has them: every tenth signature or so holds two in a row.
    const std::string jwt = "eyJ0.--q--.-c2-----BEGIN-";
    std::string file = credentials_of(Nkey::from_raw_seed(NkeyRole::user, random_bytes(32)));
    const std::string other = "eyJ0.eyJq.c2ln";
    file.replace(file.find(other), other.size(), jwt);
    EXPECT_EQ(parse_credentials_file(file).value().jwt, jwt);
    file.replace(file.find(jwt), jwt.size(), "");
    EXPECT_FALSE(parse_credentials_file(file));
}

TEST(CredentialsFile, IsRefusedWhereverItIsCut) {
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    const std::string whole = credentials_of(key);
    const std::size_t end_of_seed = whole.find(key.seed()) + key.seed().size();
    for (std::size_t cut = 0; cut < end_of_seed; ++cut) {
        const auto refused = parse_credentials_file(whole.substr(0, cut));
        ASSERT_FALSE(refused) << cut;
        EXPECT_EQ(refused.error().message.find(key.seed().substr(0, 10)), std::string::npos);
    }
}

TEST(NatsSettings, HaveDefaults) {
    const ConnectionOptions options = read({});
    ASSERT_EQ(options.servers.size(), 1U);
    EXPECT_EQ(options.servers[0].address(), "127.0.0.1:4222");
    EXPECT_FALSE(options.require_tls);
    EXPECT_FALSE(options.nkey);
}

TEST(NatsSettings, TakeEveryKindOfCredentials) {
    const TemporaryFolder folder("settings");
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    write_file(folder / "seed", key.seed() + "\n");
    write_file(folder / "user.creds", credentials_of(key));
    EXPECT_EQ(read({{"NATS_NKEY_SEED", key.seed()}}).nkey->public_key(), key.public_key());
    EXPECT_EQ(
        read({{"NATS_NKEY_SEED_FILE", folder / "seed"}}).nkey->public_key(), key.public_key()
    );
    EXPECT_EQ(
        read({{"NATS_CREDS", folder / "user.creds"}}).credentials_file, folder / "user.creds"
    );
}

TEST(NatsSettings, NameEveryMistake) {
    const TemporaryFolder folder("settings");
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    write_file(folder / "user.creds", credentials_of(key));
    write_file(folder / "rubbish", "rubbish");
    const auto mistake = [](std::map<std::string, std::string, std::less<>> variables) {
        std::string errors;
        read(std::move(variables), &errors);
        return errors;
    };
    EXPECT_NE(mistake({{"NATS_URL", "http://x"}}).find("NATS_URL"), std::string::npos);
    EXPECT_NE(mistake({{"NATS_URL", "nats://x:y"}}).find("NATS_URL"), std::string::npos);
    EXPECT_NE(mistake({{"NATS_CREDS", "/nowhere"}}).find("/nowhere"), std::string::npos);
    EXPECT_NE(mistake({{"NATS_CREDS", folder / "rubbish"}}).find("NATS_CREDS"), std::string::npos);
    EXPECT_NE(mistake({{"NATS_NKEY_SEED", "SUX"}}).find("NATS_NKEY_SEED"), std::string::npos);
    EXPECT_NE(mistake({{"NATS_CA_FILE", "/nowhere"}}).find("/nowhere"), std::string::npos);
    EXPECT_NE(
        mistake({{"NATS_CERT_FILE", folder / "rubbish"}}).find("NATS_KEY_FILE"), std::string::npos
    );
    EXPECT_NE(
        mistake({{"NATS_NKEY_SEED", key.seed()}, {"NATS_CREDS", folder / "user.creds"}}
        ).find("two users"),
        std::string::npos
    );
}

TEST(ConnectOptions, CarryOnlyWhatTheServerNeeds) {
    ConnectionOptions options;
    ServerUrl server = parse_server_url("nats://ann:pw@example").value();
    boost::json::value json =
        boost::json::parse(connect_options_json(options, server, "", false).value());
    EXPECT_EQ(json.at("user"), "ann");
    EXPECT_EQ(json.at("pass"), "pw");
    EXPECT_EQ(json.at("headers"), true);
    EXPECT_EQ(json.at("no_responders"), true);
    EXPECT_EQ(json.at("tls_required"), false);
    EXPECT_EQ(json.as_object().if_contains("jwt"), nullptr);
    EXPECT_EQ(json.as_object().if_contains("auth_token"), nullptr);
    server = parse_server_url("nats://t@example").value();
    json = boost::json::parse(connect_options_json(options, server, "", true).value());
    EXPECT_EQ(json.at("auth_token"), "t");
    EXPECT_EQ(json.at("tls_required"), true);
    EXPECT_EQ(json.as_object().if_contains("user"), nullptr);
}

TEST(ConnectOptions, SignTheNonce) {
    const TemporaryFolder folder("connect");
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    const ServerUrl server = parse_server_url("nats://example").value();
    ConnectionOptions options;
    options.nkey = key;
    boost::json::value json =
        boost::json::parse(connect_options_json(options, server, "nonce", false).value());
    EXPECT_EQ(json.at("nkey").as_string(), key.public_key());
    EXPECT_EQ(json.at("sig").as_string(), to_base64_url(key.sign("nonce")));
    options.credentials_file = folder / "user.creds";
    write_file(options.credentials_file, credentials_of(key));
    json = boost::json::parse(connect_options_json(options, server, "nonce", false).value());
    EXPECT_EQ(json.at("jwt"), "eyJ0.eyJq.c2ln");
    EXPECT_EQ(json.at("sig").as_string(), to_base64_url(key.sign("nonce")));
    options.credentials_file = folder / "gone";
    EXPECT_FALSE(connect_options_json(options, server, "nonce", false));
}

}  // namespace
}  // namespace chatear::nats
