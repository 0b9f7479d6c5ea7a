#include "support/nats_server.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace chatear::test {

NatsServer::NatsServer() : NatsServer(Options{}) {}

NatsServer::NatsServer(Options options) : options_(std::move(options)), folder_("nats") {
    if (options_.port == 0) {
        options_.port = free_port();
    }
    start();
}

NatsServer::~NatsServer() = default;

std::string NatsServer::binary() {
    if (const char* named = std::getenv("NATS_SERVER_BINARY"); named != nullptr && *named != '\0') {
        return named;
    }
    const auto found = find_program({"nats-server"});
    if (!found) {
        throw std::runtime_error("nats-server is not installed: ./dev setup installs it");
    }
    return *found;
}

bool NatsServer::is_2_10() {
    static const std::string version = run({{binary(), "--version"}}).output;
    return version.find("v2.9.") == std::string::npos;
}

void NatsServer::write_config() {
    std::string config = "server_name: \"" + options_.name +
                         "\"\nlisten: 127.0.0.1:" + std::to_string(options_.port) +
                         "\nlame_duck_grace_period: \"100ms\"\nlame_duck_duration: \"30s\"\n";
    if (options_.jetstream) {
        config += "jetstream { store_dir: \"" + (folder_ / "store") +
                  "\", max_mem: 64M, max_file: 1G }\n";
    }
    write_file(folder_ / "nats.conf", config + options_.config);
}

void NatsServer::start() {
    write_config();
    process_ = std::make_unique<Process>(Command{
        {binary(), "--config", folder_ / "nats.conf"}, {}, folder_ / "nats.log"});
    const auto ready = [&] { return !process_->running() || accepts_connections(options_.port); };
    eventually(ready, std::chrono::seconds(20));
    if (!process_->running() || !accepts_connections(options_.port)) {
        throw std::runtime_error("nats-server did not start:\n" + log());
    }
}

void NatsServer::stop() {
    process_->stop(SIGTERM);
}

void NatsServer::kill() {
    process_->stop(SIGKILL);
}

void NatsServer::pause() {
    process_->signal(SIGSTOP);
}

void NatsServer::resume() {
    process_->signal(SIGCONT);
}

void NatsServer::lame_duck() {
    process_->signal(SIGUSR2);
}

void NatsServer::reload(const std::string& config) {
    options_.config = config;
    write_config();
    process_->signal(SIGHUP);
}

void NatsServer::forget_storage() {
    std::filesystem::remove_all(folder_ / "store");
}

void NatsServer::copy_storage() {
    std::filesystem::remove_all(folder_ / "copy");
    std::filesystem::copy(
        folder_ / "store", folder_ / "copy", std::filesystem::copy_options::recursive
    );
}

void NatsServer::restore_storage() {
    forget_storage();
    std::filesystem::copy(
        folder_ / "copy", folder_ / "store", std::filesystem::copy_options::recursive
    );
}

std::string NatsServer::url() const {
    return "nats://127.0.0.1:" + std::to_string(options_.port);
}

std::string NatsServer::log() const {
    return read_file(folder_ / "nats.log");
}

NatsCluster::NatsCluster(const std::string& config) {
    constexpr std::size_t members = 3;
    std::vector<std::uint16_t> routes;
    std::string route_urls;
    for (std::size_t i = 0; i < members; ++i) {
        routes.push_back(free_port());
        route_urls +=
            (i == 0 ? "" : ", ") + ("\"nats://127.0.0.1:" + std::to_string(routes.back())) + "\"";
    }
    for (std::size_t i = 0; i < members; ++i) {
        NatsServer::Options options;
        options.name = "n" + std::to_string(i);
        options.config = "cluster { name: test, listen: 127.0.0.1:" + std::to_string(routes[i]) +
                         ", routes: [" + route_urls + "] }\n" + config;
        servers_.push_back(std::make_unique<NatsServer>(options));
    }
}

std::string NatsCluster::urls() const {
    std::string urls;
    for (const auto& server : servers_) {
        urls += (urls.empty() ? "" : ",") + server->url();
    }
    return urls;
}

}  // namespace chatear::test
