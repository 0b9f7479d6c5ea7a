#include "support/opensmtpd_server.hpp"

#include <csignal>
#include <stdexcept>

namespace chatear::test {
namespace {

// $0: smtpd, $1: its configuration.
constexpr const char* in_namespace = R"(set -e
mount --make-rprivate /
for folder in /var/spool /var/lib /run; do
    mount -t tmpfs -o mode=755 none $folder
done
mkdir -m 711 /var/spool/smtpd
mkdir -p /var/lib/opensmtpd/empty
exec "$0" -d -f "$1")";

}  // namespace

Result<void> OpensmtpdServer::possible() {
    const Finished finished =
        run({.arguments = {"unshare", "-m", "mount", "-t", "tmpfs", "none", "/run"}});
    if (finished.status != 0) {
        return Error{"no mount namespace of our own: " + finished.output};
    }
    return {};
}

OpensmtpdServer::OpensmtpdServer(const UnpackedMailServer& unpacked)
    : folder_("opensmtpd"), port_(free_port()) {
    write_file(folder_ / "smtpd.conf", configuration());
    Command command;
    command.arguments = {
        "unshare",
        "-m",
        "sh",
        "-c",
        in_namespace,
        unpacked / "usr/sbin/smtpd",
        folder_ / "smtpd.conf"};
    command.environment = unpacked.environment_with_users({"opensmtpd", "opensmtpq"}, folder_);
    command.output_file = folder_ / "output";
    daemon_ = std::make_unique<Process>(command);
    (void)eventually(
        [this] { return accepts_connections(port_) || !daemon_->running(); },
        std::chrono::seconds(30)
    );
    if (!accepts_connections(port_)) {
        throw std::runtime_error("OpenSMTPD does not listen: " + log());
    }
}

OpensmtpdServer::~OpensmtpdServer() {
    daemon_->stop(SIGTERM);
}

// Its folders are seen by way of a process that lives among them.
bool OpensmtpdServer::has_sent_all() const {
    const std::string spool = "/proc/" + std::to_string(daemon_->pid()) + "/root/var/spool/smtpd/";
    return !any_file({spool + "incoming", spool + "queue"});
}

std::string OpensmtpdServer::configuration() {
    return "table refused { \"refuse@b.test\" }\nlisten on 127.0.0.1 port " +
           std::to_string(port_) +
           " hostname opensmtpd.test\naction \"sink\" relay host smtp://127.0.0.1:" +
           std::to_string(sink_.port()) +
           "\nmatch from any for rcpt-to <refused> reject\n"
           "match from any for domain \"b.test\" action \"sink\"\n";
}

}  // namespace chatear::test
