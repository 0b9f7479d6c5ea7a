#include "net/tls_context.hpp"

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::net {
namespace {

using testing::HasSubstr;

TEST(TlsContext, TrustsTheSystemUnlessToldOtherwise) {
    EXPECT_TRUE(make_tls_context({}));
}

TEST(TlsContext, AsksForTls12AndACertificateWhateverTheSystemAllows) {
    const TlsContext context = *make_tls_context({});
    EXPECT_EQ(SSL_CTX_get_min_proto_version(context->native_handle()), TLS1_2_VERSION);
    EXPECT_EQ(SSL_CTX_get_verify_mode(context->native_handle()), SSL_VERIFY_PEER);
}

TEST(TlsContext, ReadsAnAuthorityAndACertificateOfItsOwn) {
    test::Certificates certificates;
    const auto pair = certificates.loopback();
    EXPECT_TRUE(make_tls_context({certificates.ca_file(), pair.certificate_file, pair.key_file}));
}

TEST(TlsContext, NamesTheFileThatIsMissingOrWrong) {
    test::Certificates certificates;
    const auto pair = certificates.loopback();
    const test::TemporaryFolder folder("tls");
    const std::string garbage = folder / "garbage.pem";
    test::write_file(garbage, "this is no PEM\n");
    const std::string missing = folder / "missing.pem";
    for (const std::string& bad : {garbage, missing}) {
        const auto no_authority = make_tls_context({bad, "", ""});
        ASSERT_FALSE(no_authority);
        EXPECT_THAT(no_authority.error().message, HasSubstr(bad));
        const auto no_certificate = make_tls_context({"", bad, pair.key_file});
        ASSERT_FALSE(no_certificate);
        EXPECT_THAT(no_certificate.error().message, HasSubstr(bad));
        const auto no_key = make_tls_context({"", pair.certificate_file, bad});
        ASSERT_FALSE(no_key);
        EXPECT_THAT(no_key.error().message, HasSubstr(bad));
    }
}

TEST(TlsContext, WantsTheKeyThatBelongsToItsCertificate) {
    test::Certificates certificates;
    const auto one = certificates.loopback();
    const auto other = certificates.loopback();
    const auto mixed = make_tls_context({"", one.certificate_file, other.key_file});
    ASSERT_FALSE(mixed);
    EXPECT_THAT(mixed.error().message, HasSubstr(other.key_file));
    EXPECT_FALSE(make_tls_context({"", one.certificate_file, ""}));
    EXPECT_FALSE(make_tls_context({"", "", one.key_file}));
}

}  // namespace
}  // namespace chatear::net
