#include "support/aiosmtpd_server.hpp"

#include "base/json.hpp"

#include <csignal>
#include <sstream>
#include <stdexcept>

namespace chatear::test {
namespace {

constexpr const char* script = "tests/support/mail_catcher.py";

std::vector<std::string> strings_of(const boost::json::value& list) {
    std::vector<std::string> strings;
    for (const boost::json::value& item : list.as_array()) {
        strings.emplace_back(item.as_string());
    }
    return strings;
}

}  // namespace

std::optional<std::string> mail_catcher_missing() {
    const Finished finished = run({.arguments = {"/usr/bin/python3", "-c", "import aiosmtpd"}});
    return finished.status == 0 ? std::nullopt : std::optional<std::string>("no python3-aiosmtpd");
}

MailCatcher::MailCatcher(const Options& options)
    : options_(options), folder_("mail-catcher"), port_(free_port()) {
    start();
}

void MailCatcher::start() {
    const std::string port_file = folder_ / "port";
    std::filesystem::remove(port_file);
    std::vector<std::string> arguments = {
        "/usr/bin/python3",
        script,
        "--port",
        std::to_string(port_),
        "--port-file",
        port_file,
        "--folder",
        folder_ / "mails"};
    if (options_.tls != Tls::none) {
        const std::vector<std::string> names =
            options_.names.empty() ? std::vector<std::string>{"DNS:localhost", "IP:127.0.0.1"}
                                   : options_.names;
        const Certificates::Pair pair =
            options_.expired ? certificates_.issue_expired(names) : certificates_.issue(names);
        arguments.emplace_back(options_.tls == Tls::starttls ? "--starttls" : "--implicit-tls");
        arguments.push_back(pair.certificate_file);
        arguments.push_back(pair.key_file);
    }
    arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
    const std::string output = folder_ / "output";
    process_ = std::make_unique<Process>(Command{.arguments = arguments, .output_file = output});
    const bool listens = eventually([&] { return std::filesystem::exists(port_file); });
    if (!listens) {
        throw std::runtime_error("mail_catcher.py does not listen: " + read_file(output));
    }
}

void MailCatcher::stop() {
    process_->stop(SIGTERM);
}

std::vector<CaughtMail> mails_in(const std::string& folder) {
    std::vector<CaughtMail> mails;
    const std::string index = folder + "/index.jsonl";
    std::istringstream lines(std::filesystem::exists(index) ? read_file(index) : "");
    for (std::string line; std::getline(lines, line);) {
        const boost::json::value entry = *parse_json(line);
        CaughtMail mail;
        mail.from = entry.at("from").as_string();
        mail.to = strings_of(entry.at("to"));
        mail.options = strings_of(entry.at("options"));
        mail.peer = entry.at("peer").as_int64();
        mail.tls = entry.at("tls").as_bool();
        mail.user = entry.at("user").is_null() ? "" : std::string(entry.at("user").as_string());
        mail.content = read_file(folder + "/" + std::string(entry.at("file").as_string()));
        mails.push_back(std::move(mail));
    }
    return mails;
}

}  // namespace chatear::test
