#include "support/certificates.hpp"

#include <filesystem>
#include <stdexcept>

namespace chatear::test {
namespace {

void make(
    std::vector<std::string> arguments, const std::string& certificate, const std::string& key
) {
    const std::vector<std::string> common = {
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-out",
        certificate,
        "-keyout",
        key,
    };
    arguments.insert(arguments.begin(), common.begin(), common.end());
    const Finished finished = run({.arguments = arguments});
    if (finished.status != 0) {
        throw std::runtime_error("openssl failed: " + finished.output);
    }
    // Servers that refuse to be root read it as another user.
    std::filesystem::permissions(
        key, std::filesystem::perms::others_read, std::filesystem::perm_options::add
    );
}

}  // namespace

Certificates::Certificates() : folder_("certificates") {
    make({"-subj", "/CN=Chatear test authority"}, ca_file(), folder_ / "ca.key");
}

Certificates::Pair Certificates::issue(const std::vector<std::string>& names) {
    std::string alternative = "subjectAltName=";
    for (const std::string& name : names) {
        alternative += (name == names.front() ? "" : ",") + name;
    }
    const std::string base = "certificate" + std::to_string(++issued_);
    const Pair pair = {
        .certificate_file = folder_ / (base + ".crt"), .key_file = folder_ / (base + ".key")};
    make(
        {"-subj",
         "/CN=Chatear test server",
         "-CA",
         ca_file(),
         "-CAkey",
         folder_ / "ca.key",
         "-addext",
         alternative,
         "-addext",
         "basicConstraints=critical,CA:FALSE"},
        pair.certificate_file,
        pair.key_file
    );
    return pair;
}

Certificates::Pair Certificates::issue_expired(const std::vector<std::string>& names) {
    const Pair pair = issue(names);
    // Signed again with a time that ended yesterday.
    const std::string request = folder_ / "expired.csr";
    const Finished asked = run(
        {.arguments =
             {"openssl",
              "x509",
              "-x509toreq",
              "-copy_extensions",
              "copyall",
              "-in",
              pair.certificate_file,
              "-signkey",
              pair.key_file,
              "-out",
              request}}
    );
    const Finished signed_again = run(
        {.arguments =
             {"openssl",
              "x509",
              "-req",
              "-copy_extensions",
              "copyall",
              "-in",
              request,
              "-CA",
              ca_file(),
              "-CAkey",
              folder_ / "ca.key",
              "-days",
              "-1",
              "-out",
              pair.certificate_file}}
    );
    if (asked.status != 0 || signed_again.status != 0) {
        throw std::runtime_error("openssl failed: " + asked.output + signed_again.output);
    }
    return pair;
}

}  // namespace chatear::test
