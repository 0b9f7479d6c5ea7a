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
    // Signed again with a time that is long over.
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
    // `openssl x509` takes no dates before 3.4, and no negative days since; `openssl ca` takes
    // both.
    write_file(folder_ / "ca.index", "");
    write_file(folder_ / "ca.serial", "1000\n");
    write_file(
        folder_ / "ca.conf",
        "[ca]\ndefault_ca = ours\n[ours]\ndatabase = " + (folder_ / "ca.index") +
            "\nserial = " + (folder_ / "ca.serial") + "\nnew_certs_dir = " + (folder_ / "") +
            "\ndefault_md = sha256\npolicy = any\ncopy_extensions = copyall\n"
            "[any]\ncommonName = supplied\n"
    );
    const Finished signed_again = run(
        {.arguments =
             {"openssl",
              "ca",
              "-batch",
              "-notext",
              "-config",
              folder_ / "ca.conf",
              "-in",
              request,
              "-cert",
              ca_file(),
              "-keyfile",
              folder_ / "ca.key",
              "-startdate",
              "20200101000000Z",
              "-enddate",
              "20200102000000Z",
              "-out",
              pair.certificate_file}}
    );
    if (asked.status != 0 || signed_again.status != 0) {
        throw std::runtime_error("openssl failed: " + asked.output + signed_again.output);
    }
    return pair;
}

}  // namespace chatear::test
