#include "support/npm_mail_server.hpp"

#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace chatear::test {
namespace {

constexpr int oldest_node = 20;  // Of Haraka and smtp-server, in package.json.

std::string packages() {
    return std::filesystem::absolute(".dev/npm_mail_servers/node_modules").string();
}

std::string ours(const std::string& file) {
    return std::filesystem::absolute("tests/support/npm_mail_servers/" + file).string();
}

}  // namespace

Result<void> NpmMailServer::possible() {
    if (!find_program({"node"})) {
        return Error{"no Node.js on this machine"};
    }
    const Finished version = run({.arguments = {"node", "--version"}});
    char letter = 0;
    int major = 0;
    std::istringstream(version.output) >> letter >> major;
    if (major < oldest_node) {
        return Error{"Haraka and smtp-server need Node.js 20, this machine has " + version.output};
    }
    if (!std::filesystem::exists(packages())) {
        return Error{"not there: `./dev test` gets them from npm"};
    }
    return {};
}

NpmMailServer::NpmMailServer(const std::string& name) : folder_(name), port_(free_port()) {
    Command command = name == "haraka" ? haraka() : smtp_server();
    command.output_file = folder_ / "output";
    process_ = std::make_unique<Process>(command);
    (void)eventually(
        [this] { return accepts_connections(port_) || !process_->running(); },
        std::chrono::seconds(30)
    );
    if (!accepts_connections(port_)) {
        throw std::runtime_error(name + " does not listen: " + log());
    }
}

/// Its own configuration, of which it wants every file, with what is different here.
Command NpmMailServer::haraka() {
    const std::string config = folder_ / "haraka/config/";
    std::filesystem::create_directories(folder_ / "haraka/plugins");
    std::filesystem::copy(
        packages() + "/Haraka/config", config, std::filesystem::copy_options::recursive
    );
    std::filesystem::copy(ours("haraka_plugin.js"), folder_ / "haraka/plugins/keep_mail.js");
    write_file(config + "plugins", "keep_mail\n");
    write_file(config + "me", "haraka.test\n");
    write_file(config + "smtp.ini", "listen=127.0.0.1:" + std::to_string(port_) + "\nnodes=0\n");
    return {
        .arguments = {"node", packages() + "/Haraka/bin/haraka", "-c", folder_ / "haraka"},
        .environment = {
            {"CHATEAR_MAIL_STORE", ours("mail_store.js")},
            {"CHATEAR_MAIL_FOLDER", folder_ / "mails"}}};
}

Command NpmMailServer::smtp_server() {
    return {
        .arguments = {
            "node", ours("smtp_server.js"), packages(), std::to_string(port_), folder_ / "mails"}};
}

}  // namespace chatear::test
