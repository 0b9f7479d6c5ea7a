#include "support/smtp_sink_server.hpp"

#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace chatear::test {
namespace {

std::string within_brackets(const std::string& path) {
    return path.substr(path.find('<') + 1, path.rfind('>') - path.find('<') - 1);
}

/// What smtp-sink has written of one transaction: its arguments, the content, one more line end.
CaughtMail parse(const std::string& dump) {
    constexpr std::string_view sender = "X-Mail-Args: ";
    constexpr std::string_view recipient = "X-Rcpt-Args: ";
    CaughtMail mail;
    std::istringstream lines(dump.substr(0, dump.size() - 1));
    bool in_content = false;
    for (std::string line; std::getline(lines, line);) {
        in_content = in_content || line.starts_with("Received: ");
        if (in_content) {
            mail.content += line + "\r\n";
        } else if (line.starts_with(sender)) {
            mail.from = within_brackets(line);
        } else if (line.starts_with(recipient)) {
            mail.to.push_back(within_brackets(line));
        }
    }
    return mail;
}

}  // namespace

SmtpSinkServer::SmtpSinkServer(const UnpackedMailServer& postfix)
    : folder_("smtp-sink"), port_(free_port()) {
    std::filesystem::create_directory(folder_ / "mails");
    std::filesystem::permissions(folder_ / "mails", std::filesystem::perms::all);
    Command command;
    command.arguments = {postfix / "usr/sbin/smtp-sink", "-d", folder_ / "mails/"};
    if (geteuid() == 0) {
        command.arguments.insert(command.arguments.end(), {"-u", "nobody"});
    }
    command.arguments.push_back("127.0.0.1:" + std::to_string(port_));
    command.arguments.emplace_back("100");
    command.environment = postfix.environment();
    command.output_file = folder_ / "output";
    process_ = std::make_unique<Process>(command);
    if (!eventually([this] { return accepts_connections(port_); })) {
        throw std::runtime_error("smtp-sink does not listen: " + read_file(folder_ / "output"));
    }
}

std::vector<CaughtMail> SmtpSinkServer::mails() const {
    std::vector<CaughtMail> mails;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "mails")) {
        mails.push_back(parse(read_file(entry.path().string())));
    }
    return mails;
}

}  // namespace chatear::test
