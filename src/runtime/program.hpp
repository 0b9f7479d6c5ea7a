#pragma once

#include "base/environment.hpp"
#include "base/settings.hpp"
#include "runtime/worker.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace chatear::runtime {

struct ProgramOptions {
    bool needs_postgres = true;  ///< False: DATABASE_URL is not read, and rule 17 holds.
};

/// The main() of a worker: reads the environment (and the file that `--env-file` names), reports
/// every wrong setting at once, runs the worker until a signal.
///
///     int main(int argc, char** argv) {
///         Program program("greeting-worker", argc, argv);
///         return program.run([](Worker& worker) { worker.on<Greeting>("greeting.send", greet); });
///     }
class Program {
public:
    Program(std::string name, int argc, char** argv, ProgramOptions options = {});

    /// For settings of the worker's own, read before run().
    SettingsReader& settings() { return *reader_; }

    /// The process's exit status: 0 after an orderly stop, 2 for wrong settings or arguments, 1 for
    /// what stopped the start (said in the log).
    int run(const std::function<void(Worker&)>& setup);

private:
    int help() const;

    std::string name_;
    ProgramOptions options_;
    std::vector<std::string> arguments_;
    std::optional<int> exit_status_;  ///< Set when there is nothing to run: --help, a bad argument.
    Environment environment_;
    std::unique_ptr<SettingsReader> reader_;
};

}  // namespace chatear::runtime
