#include "support/exim_server.hpp"

#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

namespace chatear::test {
namespace {

// Debian's Exim does not start without this user; it runs as the one that the configuration names.
constexpr const char* built_in_user = "Debian-exim";
constexpr const char* user = "mail";

constexpr const char* lists_and_routes = R"(
begin acl
rcpt:
  deny message = 5.1.1 nobody of this name
       recipients = refuse@b.test
  accept domains = b.test
  accept authenticated = *
  deny message = relay not permitted
data:
  deny message = 5.6.0 not this content
       condition = ${if eq{$h_subject:}{REFUSED_SUBJECT}}
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{ann}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{ann}}{eq{$auth2}{secret}}}}
  server_set_id = $auth1
begin routers
sink:
  driver = manualroute
  domains = *
  route_list = * 127.0.0.1
  self = send
  transport = sink
begin retry
* * F,1h,1s
begin transports
sink:
  driver = smtp
  hosts_avoid_tls = *
)";

void hand_over(const std::string& path) {
    std::filesystem::create_directories(path);
    const passwd* entry = getpwnam(user);
    if (entry == nullptr || chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
        throw std::runtime_error("cannot hand " + path + " to " + user);
    }
}

}  // namespace

EximServer::EximServer(const UnpackedMailServer& unpacked, const Options& options)
    : folder_("exim"), port_(free_port()) {
    hand_over(folder_ / "spool");
    hand_over(folder_ / "log");
    write_file(folder_ / "configure", configuration(options));
    Command command;
    command.arguments = {unpacked / "usr/sbin/exim4", "-C", folder_ / "configure", "-bdf", "-q5s"};
    command.environment = unpacked.environment_with_users({built_in_user}, folder_);
    command.output_file = folder_ / "output";
    daemon_ = std::make_unique<Process>(command);
    (void)eventually(
        [this] { return accepts_connections(port_) || !daemon_->running(); },
        std::chrono::seconds(30)
    );
    if (!accepts_connections(port_)) {
        throw std::runtime_error("Exim does not listen: " + log());
    }
}

EximServer::~EximServer() {
    daemon_->stop(SIGTERM);
}

std::string EximServer::configuration(const Options& options) {
    const Certificates::Pair pair = certificates_.loopback();
    // Exim reads the key as its own user.
    std::filesystem::permissions(
        pair.key_file, std::filesystem::perms::others_read, std::filesystem::perm_options::add
    );
    return "REFUSED_SUBJECT = " + std::string(refused_subject) + "\nexim_user = " + user +
           "\nexim_group = mail\nspool_directory = " + (folder_ / "spool") +
           "\nlog_file_path = " + (folder_ / "log/%slog") +
           "\npid_file_path = " + (folder_ / "spool/pid") +
           "\nprimary_hostname = exim.test\nlocal_interfaces = 127.0.0.1\ndaemon_smtp_ports = " +
           std::to_string(port_) +
           "\nacl_smtp_rcpt = rcpt\nacl_smtp_data = data\ndeliver_drop_privilege = "
           "true\nhost_lookup =\n"
           "smtputf8_advertise_hosts = *\nauth_advertise_hosts = *\ntls_advertise_hosts = *\n"
           "tls_certificate = " +
           pair.certificate_file + "\ntls_privatekey = " + pair.key_file +
           "\nkeep_environment = LD_LIBRARY_PATH:LD_PRELOAD:NSS_WRAPPER_PASSWD:NSS_WRAPPER_GROUP\n"
           "smtp_accept_queue_per_connection = 0\nsmtp_accept_max_per_connection = " +
           std::to_string(options.max_mails_per_connection) + "\n" + lists_and_routes +
           "  port = " + std::to_string(sink_.port()) + "\n";
}

std::string EximServer::log() const {
    std::string text = read_file(folder_ / "output");
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "log")) {
        text += read_file(entry.path().string());
    }
    return text;
}

}  // namespace chatear::test
