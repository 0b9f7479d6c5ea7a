#include "support/redis_server.hpp"

#include <csignal>
#include <stdexcept>
#include <utility>

namespace chatear::test {

RedisServer::RedisServer(Options options)
    : options_(std::move(options)), port_(free_port()), folder_("redis") {
    if (options_.tls) {
        certificates_.emplace();
        const std::vector<std::string> names =
            options_.names.empty() ? std::vector<std::string>{"DNS:localhost", "IP:127.0.0.1"}
                                   : options_.names;
        const Certificates::Pair pair =
            options_.expired ? certificates_->issue_expired(names) : certificates_->issue(names);
        for (const auto& [name, value] : {
                 std::pair("--tls-cert-file", pair.certificate_file),
                 std::pair("--tls-key-file", pair.key_file),
                 std::pair("--tls-ca-cert-file", certificates_->ca_file()),
                 std::pair("--tls-auth-clients", std::string("no")),
             }) {
            options_.config.push_back(name);
            options_.config.push_back(value);
        }
    }
    start();
}

RedisServer::~RedisServer() = default;

std::string RedisServer::url() const {
    const std::string account = options_.password.empty() ? "" : ":" + options_.password + "@";
    return (options_.tls ? "rediss://" : "redis://") + account +
           "127.0.0.1:" + std::to_string(port_);
}

void RedisServer::start() {
    const std::string port = std::to_string(port_);
    std::vector<std::string> arguments = {
        "redis-server",
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        folder_.path().string(),
        "--port",
        options_.tls ? "0" : port,
        "--tls-port",
        options_.tls ? port : "0",
    };
    if (!options_.password.empty()) {
        arguments.insert(arguments.end(), {"--requirepass", options_.password});
    }
    arguments.insert(arguments.end(), options_.config.begin(), options_.config.end());
    const std::string output = folder_ / "output";
    process_ = std::make_unique<Process>(Command{.arguments = arguments, .output_file = output});
    const bool answers =
        eventually([&] { return cli({"PING"}).find("PONG") != std::string::npos; });
    if (!answers) {
        throw std::runtime_error("redis-server does not start: " + read_file(output));
    }
}

void RedisServer::kill() {
    process_.reset();
}

void RedisServer::pause() {
    process_->signal(SIGSTOP);
}

void RedisServer::resume() {
    process_->signal(SIGCONT);
}

std::string RedisServer::cli(std::vector<std::string> arguments) const {
    std::vector<std::string> all = {"redis-cli", "-h", "127.0.0.1", "-p", std::to_string(port_)};
    if (!options_.password.empty()) {
        all.insert(all.end(), {"--no-auth-warning", "-a", options_.password});
    }
    if (options_.tls) {
        all.insert(all.end(), {"--tls", "--insecure"});  // Whatever its certificate.
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run({.arguments = all}).output;
}

}  // namespace chatear::test
