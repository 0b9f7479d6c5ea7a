#include "support/postgres_server.hpp"

#include <boost/algorithm/string/trim.hpp>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace chatear::test {
namespace {

constexpr const char* user = "postgres";  // It refuses to run as root.

std::string bin_folder() {
    const auto initdb = find_program(
        {"/usr/lib/postgresql/17/bin/initdb", "/usr/lib/postgresql/15/bin/initdb", "initdb"}
    );
    if (!initdb) {
        throw std::runtime_error("no PostgreSQL server here: install postgresql");
    }
    return std::filesystem::path(*initdb).parent_path().string();
}

}  // namespace

PostgresServer::PostgresServer() : folder_("postgres"), bin_(bin_folder()), port_(free_port()) {
    const Finished made = run(
        {.arguments =
             {bin_ + "/initdb",
              "-D",
              folder_ / "data",
              "-U",
              user,
              "-A",
              "trust",
              "-E",
              "UTF8",
              "--locale=C",
              "--no-sync"},
         .user = user,
         .folder = folder_.path().string()}
    );
    if (made.status != 0) {
        throw std::runtime_error("initdb: " + made.output);
    }
    start();
}

PostgresServer& PostgresServer::shared() {
    static PostgresServer server;
    return server;
}

void PostgresServer::start() {
    server_ = std::make_unique<Process>(Command{
        .arguments =
            {bin_ + "/postgres",
             "-D",
             folder_ / "data",
             "-p",
             std::to_string(port_),
             "-c",
             "listen_addresses=127.0.0.1",
             "-c",
             "unix_socket_directories=",
             "-c",
             "fsync=off",
             "-c",
             "max_connections=200",
             "-c",
             "deadlock_timeout=100ms"},
        .output_file = folder_ / "log",
        .user = user,
        .folder = folder_.path().string()});
    const bool ready = eventually(
        [this] {
            return run({.arguments =
                            {bin_ + "/pg_isready", "-h", "127.0.0.1", "-p", std::to_string(port_)}}
                   ).status == 0;
        },
        std::chrono::seconds(30)
    );
    if (!ready) {
        throw std::runtime_error("PostgreSQL did not start: " + read_file(folder_ / "log"));
    }
}

void PostgresServer::stop() {
    server_->stop(SIGINT);
}

void PostgresServer::kill() {
    server_->stop(SIGKILL);
    // Its children see their parent's end soon; until then they hold the data folder.
    eventually([this] {
        return run({.arguments =
                        {"sh",
                         "-c",
                         "! ls /proc/*/cwd -l 2>/dev/null | grep -qF \"$1\"",
                         "sh",
                         folder_ / "data"}}
               ).status == 0;
    });
    std::filesystem::remove(folder_ / "data/postmaster.pid");
}

std::vector<pid_t> PostgresServer::processes() const {
    const std::string pid = std::to_string(server_->pid());
    std::vector<pid_t> all{server_->pid()};
    std::istringstream children(read_file("/proc/" + pid + "/task/" + pid + "/children"));
    for (pid_t child = 0; children >> child;) {
        all.push_back(child);
    }
    return all;
}

void PostgresServer::pause() {
    for (const pid_t pid : processes()) {
        ::kill(pid, SIGSTOP);
    }
}

void PostgresServer::resume() {
    for (const pid_t pid : processes()) {
        ::kill(pid, SIGCONT);
    }
}

void PostgresServer::enable_tls(const std::string& certificate_file, const std::string& key_file) {
    struct stat owner {};
    ::stat((folder_ / "data").c_str(), &owner);
    for (const auto& [name, file] :
         {std::pair("data/server.crt", certificate_file), std::pair("data/server.key", key_file)}) {
        const std::string path = folder_ / name;
        write_file(path, read_file(file));
        std::filesystem::permissions(
            path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
        );
        if (::chown(path.c_str(), owner.st_uid, owner.st_gid) != 0) {
            throw std::runtime_error("cannot give " + path + " to the server's user");
        }
    }
    sql("ALTER SYSTEM SET ssl = on");
    sql("SELECT pg_reload_conf()");
    EXPECT_TRUE(eventually([this] { return sql("SHOW ssl") == "on"; }));
}

std::string PostgresServer::create_database() {
    const std::string name = "test_" + std::to_string(++databases_);
    sql("CREATE DATABASE " + name);
    return url(name);
}

std::string PostgresServer::url(const std::string& database) const {
    return "postgres://" + std::string(user) + "@127.0.0.1:" + std::to_string(port_) + "/" +
           database;
}

std::string PostgresServer::sql(const std::string& text, const std::string& database) {
    const std::string where = database.find("://") == std::string::npos ? url(database) : database;
    const Finished finished = run(
        {.arguments =
             {bin_ + "/psql",
              "-X",
              "-q",
              "-A",
              "-t",
              "-v",
              "ON_ERROR_STOP=1",
              "-d",
              where,
              "-c",
              text}}
    );
    EXPECT_EQ(finished.status, 0) << text << "\n" << finished.output;
    return boost::algorithm::trim_copy(finished.output);
}

}  // namespace chatear::test
