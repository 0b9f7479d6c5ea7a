#include "deletion/deletion_service.hpp"
#include "runtime/program.hpp"

using namespace chatear;

int main(int argc, char** argv) {
    runtime::Program program(std::string(deletion::worker_name), argc, argv);
    auto settings = deletion::read_service_settings(program.settings());
    return program.run([&](runtime::Worker& worker) {
        deletion::handle_deletions(worker, std::move(settings));
    });
}
