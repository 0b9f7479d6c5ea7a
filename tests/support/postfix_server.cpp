#include "support/postfix_server.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace chatear::test {
namespace {

// Postfix wants an owner that is not root and nobody's default, and a group of its own: any that
// every Debian has.
constexpr const char* owner = "mail";
constexpr const char* group = "games";

void make_folder(const std::string& path, mode_t mode, const char* user, const char* group_name) {
    std::filesystem::create_directories(path);
    const passwd* user_entry = getpwnam(user);
    const ::group* group_entry = getgrnam(group_name);
    if (user_entry == nullptr || group_entry == nullptr ||
        chown(path.c_str(), user_entry->pw_uid, group_entry->gr_gid) != 0 ||
        chmod(path.c_str(), mode) != 0) {
        throw std::runtime_error("cannot hand " + path + " to " + user);
    }
}

}  // namespace

PostfixServer::PostfixServer(const UnpackedMailServer& unpacked)
    : folder_("postfix"), port_(free_port()) {
    make_folders();
    write_file(folder_ / "etc/main.cf", main_cf(unpacked));
    write_file(folder_ / "etc/master.cf", master_cf());
    Command command;
    command.arguments = {unpacked / "usr/lib/postfix/sbin/master", "-d", "-c", folder_ / "etc"};
    command.environment = unpacked.environment();
    command.environment["MAIL_CONFIG"] = folder_ / "etc";
    command.output_file = folder_ / "output";
    master_ = std::make_unique<Process>(command);
    (void)eventually(
        [this] { return accepts_connections(port_) || !master_->running(); },
        std::chrono::seconds(30)
    );
    if (!accepts_connections(port_)) {
        throw std::runtime_error("Postfix does not listen: " + log());
    }
}

PostfixServer::~PostfixServer() {
    master_->stop(SIGTERM);
}

void PostfixServer::make_folders() {
    make_folder(folder_ / "etc", 0755, "root", "root");
    make_folder(folder_ / "queue", 0755, "root", "root");
    make_folder(folder_ / "queue/pid", 0755, "root", "root");
    make_folder(folder_ / "data", 0755, owner, "root");
    for (const char* name :
         {"active",
          "bounce",
          "corrupt",
          "defer",
          "deferred",
          "flush",
          "hold",
          "incoming",
          "private",
          "saved",
          "trace"}) {
        make_folder(folder_ / "queue/" + name, 0700, owner, "root");
    }
    make_folder(folder_ / "queue/public", 0710, owner, group);
    make_folder(folder_ / "queue/maildrop", 0730, owner, group);
}

std::string PostfixServer::main_cf(const UnpackedMailServer& unpacked) {
    const std::string next_hop = "[127.0.0.1]:" + std::to_string(sink_.port());
    const Certificates::Pair pair = certificates_.loopback();
    std::string config;
    const auto set = [&config](std::string_view name, const std::string& value) {
        config += std::string(name) + " = " + value + "\n";
    };
    set("compatibility_level", "3.6");
    set("queue_directory", folder_ / "queue");
    set("command_directory", unpacked / "usr/sbin");
    set("daemon_directory", unpacked / "usr/lib/postfix/sbin");
    set("meta_directory", folder_ / "etc");
    set("shlib_directory", "no");
    set("data_directory", folder_ / "data");
    set("mail_owner", owner);
    set("setgid_group", group);
    set("default_privs", "nobody");
    set("import_environment", "MAIL_CONFIG LD_LIBRARY_PATH");
    set("maillog_file", folder_ / "log");
    set("maillog_file_prefixes", folder_.path().string());
    set("myhostname", "postfix.test");
    set("mydestination", "");
    set("inet_interfaces", "127.0.0.1");
    set("inet_protocols", "ipv4");
    set("mynetworks", "192.0.2.0/24");
    set("relay_domains", "b.test");
    set("relay_transport", "relay:" + next_hop);
    set("default_transport", "relay:" + next_hop);
    set("smtpd_relay_restrictions", "reject_unauth_destination");
    set("smtpd_recipient_restrictions",
        "check_recipient_access inline:{ {refuse@b.test = 550 5.1.1 nobody of this name} }");
    write_file(
        folder_ / "etc/header_checks",
        "/^Subject: " + std::string(refused_subject) + "$/ REJECT 5.6.0 not this content\n"
    );
    set("header_checks", "regexp:" + (folder_ / "etc/header_checks"));
    set("service_throttle_time", "1s");  // Before it replaces a process that was killed.
    set("alias_maps", "");
    set("alias_database", "");
    set("local_header_rewrite_clients", "");
    set("smtpd_tls_security_level", "may");
    set("smtpd_tls_cert_file", pair.certificate_file);
    set("smtpd_tls_key_file", pair.key_file);
    set("smtpd_error_sleep_time", "0");
    set("smtputf8_enable", "yes");
    return config;
}

std::string PostfixServer::master_cf() const {
    return std::to_string(port_) +
           " inet n - n - - smtpd\n"
           "pickup unix n - n 60 1 pickup\n"
           "cleanup unix n - n - 0 cleanup\n"
           "qmgr unix n - n 300 1 qmgr\n"
           "tlsmgr unix - - n 1000? 1 tlsmgr\n"
           "rewrite unix - - n - - trivial-rewrite\n"
           "bounce unix - - n - 0 bounce\n"
           "defer unix - - n - 0 bounce\n"
           "trace unix - - n - 0 bounce\n"
           "verify unix - - n - 1 verify\n"
           "proxymap unix - - n - - proxymap\n"
           "relay unix - - n - - smtp\n"
           "error unix - - n - - error\n"
           "retry unix - - n - - error\n"
           "scache unix - - n - 1 scache\n"
           "anvil unix - - n - 1 anvil\n"
           "postlog unix-dgram n - n - 1 postlogd\n";
}

// In the order in which a message goes through them.
bool PostfixServer::has_sent_all() const {
    const std::string queue = folder_ / "queue/";
    return !any_file({queue + "incoming", queue + "active", queue + "deferred", queue + "active"});
}

std::string PostfixServer::log() const {
    std::string text = read_file(folder_ / "output");
    if (std::filesystem::exists(folder_ / "log")) {
        text += read_file(folder_ / "log");
    }
    return text;
}

}  // namespace chatear::test
