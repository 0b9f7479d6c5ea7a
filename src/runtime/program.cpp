#include "runtime/program.hpp"

#include "base/crash_point.hpp"
#include "base/log.hpp"
#include "net/main_task.hpp"
#include "runtime/private_memory.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

namespace chatear::runtime {

Program::Program(std::string name, int argc, char** argv, ProgramOptions options)
    : name_(std::move(name)),
      options_(options),
      arguments_(argv + 1, argv + argc),
      environment_(Environment::of_process()) {
    keep_memory_private();
    for (std::size_t i = 0; i < arguments_.size() && !exit_status_; ++i) {
        if (arguments_[i] == "--env-file" && i + 1 < arguments_.size()) {
            const auto added = environment_.add_file(arguments_[++i]);
            if (!added) {
                fmt::print(stderr, "{}: --env-file: {}\n", name_, added.error().message);
                exit_status_ = 2;
            }
        } else if (arguments_[i] == "--help" || arguments_[i] == "-h") {
            exit_status_ = help();
        } else {
            fmt::print(
                stderr, "{}: unknown argument '{}'; see {} --help\n", name_, arguments_[i], name_
            );
            exit_status_ = 2;
        }
    }
    reader_ = std::make_unique<SettingsReader>(environment_);
}

int Program::help() const {
    fmt::print(
        "{0}: a background worker. It takes its settings from the environment.\n\n"
        "  {0}                     runs until SIGTERM or SIGINT, then drains\n"
        "  {0} --env-file .env     also reads NAME=value lines from a file; what is set already "
        "stays\n"
        "  {0} --help\n\n"
        "docs/configuration.md has the table of all settings; `chatear config` shows what is in "
        "force\n"
        "and `chatear doctor` tries each service.\n",
        name_
    );
    return 0;
}

int Program::run(const std::function<void(Worker&)>& setup) {
    if (exit_status_) {
        return *exit_status_;
    }
    std::signal(SIGPIPE, SIG_IGN);
    WorkerConfig config;
    config.name = name_;
    config.settings = read_settings(*reader_);
    config.nats = nats::read_settings(*reader_);
    config.nats.name = name_;
    if (options_.needs_postgres) {
        config.postgres = postgres::read_settings(*reader_);
        config.postgres->application_name = name_;
    }
    const Result<void> crash = check_crash_at();
    if (!crash) {
        fmt::print(stderr, "{}: {}\n", name_, crash.error().message);
        return 2;
    }
    if (!reader_->errors().empty()) {
        for (const Error& error : reader_->errors()) {
            fmt::print(stderr, "{}: {}\n", name_, error.message);
        }
        fmt::print(
            stderr,
            "{}: {} settings are wrong or missing; see docs/configuration.md\n",
            name_,
            reader_->errors().size()
        );
        return 2;
    }
    apply_log_settings(config.settings, name_);
    boost::asio::io_context context(1);
    int status = 1;
    try {
        Worker worker(context.get_executor(), std::move(config));
        setup(worker);
        status = net::run_main_task(context, worker.run());
    } catch (const std::exception& error) {
        log::error("cannot run", {{"reason", error.what()}});
        status = 1;
    }
    return status;
}

}  // namespace chatear::runtime
